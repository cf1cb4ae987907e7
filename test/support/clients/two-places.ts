// One registry that answers at two places of the edge: two Workers with isolates and caches of their own, on one
// database, one bucket and one object for each repository. `wrangler dev` runs both in one process; the second has
// no address, so that the first hands on what was sent to `localhost`. What a cache keeps is under the address that
// was asked, which parts the caches too.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Server, ServerState } from './server.ts'

const ENTRY = `
import worker, { Repository } from './src/index.ts'
export { Repository }
export default {
  fetch: (request, env, context) =>
    new URL(request.url).hostname === 'localhost'
      ? env.OTHER_PLACE.fetch(request)
      : worker.fetch(request, env, context),
}
`

/**
 * To be called before the start.
 * @param seconds for which places remember
 */
export async function prepareTwoPlaces(state: ServerState, seconds: number): Promise<void> {
  const project = join(state.directory, 'project')
  const settings = await readFile(join(project, 'wrangler.toml'), 'utf8')
  const variables = { REMEMBER_SECONDS: seconds, PLAIN_HTTP: 'allow' }
  const set = Object.entries(variables).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  const own = settings
    .replace(/^REMEMBER_SECONDS = .*$/m, '')
    .replace(/^\[vars\]$/m, `[vars]\n${set.join('\n')}`)
  const service = '\n[[services]]\nbinding = "OTHER_PLACE"\nservice = "other-place"\n'
  await writeFile(join(project, 'places.ts'), ENTRY)
  await writeFile(
    join(project, 'wrangler.toml'),
    own.replace(/^main = .*$/m, 'main = "places.ts"') + service,
  )
  await writeFile(
    join(project, 'other-place.toml'),
    own
      .replace(/^name = .*$/m, 'name = "other-place"')
      .replace(/^class_name = .*$/m, '$&\nscript_name = "cairn"')
      .replace(/^\[\[migrations\]\]\n(?:.+\n)+/m, ''),
  )
  // The file of secrets is named for the first alone.
  await cp(join(state.directory, 'secrets.env'), join(project, '.dev.vars'))
  state.variables = variables
  state.configurations = ['wrangler.toml', 'other-place.toml']
}

/** The addresses of the two. */
export function placesOf({ state }: Server): readonly [string, string] {
  return [`http://127.0.0.1:${state.port}`, `http://localhost:${state.port}`]
}
