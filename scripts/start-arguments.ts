// What `npm start` must know of the arguments that it passes on to wrangler: where to listen, which
// configuration, and where the state is kept. Everything else is wrangler's to judge.
import { parseArgs } from 'node:util'

export interface StartArguments {
  /** For `wrangler dev`: as they were given. */
  dev: readonly string[]
  /** For `wrangler d1 migrations apply`: those that say which database. */
  migrations: readonly string[]
  /** As given; wrangler.toml has the default. */
  port: number | undefined
  ip: string | undefined
  configFile: string | undefined
  environment: string | undefined
}

const passedToMigrations = ['persist-to', 'config', 'env'] as const

/** @throws Error in one line, for an argument that `npm start` cannot honour */
export function parseStartArguments(given: readonly string[]): StartArguments {
  const { values } = parseArgs({
    args: given.map(withDashes),
    strict: false,
    options: {
      port: { type: 'string' },
      ip: { type: 'string' },
      'persist-to': { type: 'string' },
      config: { type: 'string', short: 'c' },
      env: { type: 'string', short: 'e' },
      'env-file': { type: 'string' },
      'local-protocol': { type: 'string' },
    },
  })
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined)
  if (values['env-file'] !== undefined)
    throw new Error('npm start keeps its secrets in .dev.vars: --env-file would hide that file')
  if (text('local-protocol') === 'https') throw new Error('npm start serves http only')
  const port = text('port') === undefined ? undefined : Number(text('port'))
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new Error(`--port ${text('port')} is not a port: use a number from 0 to 65535`)
  return {
    dev: given,
    migrations: passedToMigrations.flatMap((name) => {
      const value = text(name)
      return value === undefined ? [] : [`--${name}`, value]
    }),
    port,
    ip: text('ip'),
    configFile: text('config'),
    environment: text('env'),
  }
}

/** wrangler takes `--persistTo` for `--persist-to`. */
function withDashes(argument: string): string {
  if (!argument.startsWith('--')) return argument
  const [name = '', ...value] = argument.split('=')
  return [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), ...value].join('=')
}
