// A server whose Worker is another one than the project's, from a folder of bench/.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Server, type ServerState, startServer } from '../test/support/clients/server.ts'

/** On the state of a server that was stopped, or on a new one. */
export async function startVariant(
  state: ServerState,
  folder: 'counted' | 'distant',
): Promise<Server> {
  const project = join(state.directory, 'project')
  const from = fileURLToPath(new URL(folder, import.meta.url).href)
  await cp(from, join(project, 'bench', folder), { recursive: true })
  const file = join(project, 'wrangler.toml')
  const settings = await readFile(file, 'utf8')
  await writeFile(file, settings.replace(/^main = .*$/m, `main = "bench/${folder}/worker.ts"`))
  return startServer(state)
}
