// Reads those of wrangler's options that the scripts must know too, and writes them again for another of its
// commands. wrangler judges all other options.
import { parseArgs } from 'node:util'

const text = { type: 'string' } as const

const known = {
  port: text,
  ip: text,
  'persist-to': text,
  config: { ...text, short: 'c' },
  env: { ...text, short: 'e' },
  'env-file': text,
  'local-protocol': text,
} as const

type OptionName = keyof typeof known
export type WranglerOptions = Partial<Record<OptionName, string>>

export function parseWranglerOptions(given: readonly string[]): WranglerOptions {
  const { values } = parseArgs({ args: given.map(withDashes), strict: false, options: known })
  const options: WranglerOptions = {}
  for (const name of Object.keys(known) as OptionName[]) {
    const value = values[name]
    // wrangler refuses an option without its value.
    if (typeof value === 'string') options[name] = value
  }
  return options
}

export function formatWranglerOptions(options: WranglerOptions, names: OptionName[]): string[] {
  return names.flatMap((name) => {
    const value = options[name]
    return value === undefined ? [] : [`--${name}`, value]
  })
}

/** wrangler reads `--persistTo` as `--persist-to`. */
function withDashes(argument: string): string {
  if (!argument.startsWith('--')) return argument
  const [name = '', ...value] = argument.split('=')
  return [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), ...value].join('=')
}
