// A server whose Worker is another one than the project's: one of bench/variants.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Server, type ServerState, startServer } from '../test/support/clients/server.ts'

const variants = fileURLToPath(new URL('variants', import.meta.url).href)

/** On the state of a server that was stopped, or on a new one. */
export async function startVariant(
  state: ServerState,
  name: 'counted' | 'distant' | 'forgetful' | 'home' | 'place' | 'puts' | 'remote',
): Promise<Server> {
  const project = join(state.directory, 'project')
  await cp(variants, join(project, 'bench/variants'), { recursive: true })
  const file = join(project, 'wrangler.toml')
  const settings = await readFile(file, 'utf8')
  await writeFile(file, settings.replace(/^main = .*$/m, `main = "bench/variants/${name}.ts"`))
  return startServer(state)
}
