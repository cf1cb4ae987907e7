// What is said of a secret of the Worker that is missing or no good, and the command that mends it.
import { RegistryError } from './errors.ts'

/** `npm run setup` and `npm start` make these where they are missing, and never replace one. */
const MADE_BY_SETUP = ['ADMIN_TOKEN', 'SIGNING_KEY']

/** @param fault what is wrong with it, such as `is too short`; undefined when there is none */
export function unusableSecret(name: string, fault?: string, cause?: unknown): RegistryError {
  const remedy =
    fault === undefined && MADE_BY_SETUP.includes(name)
      ? 'run `npm run setup` (for local development `npm start`, which writes .dev.vars)'
      : `store a good one with \`npx wrangler secret put ${name}\` (for local development in .dev.vars)`
  return new RegistryError(
    { code: 'not-configured', cause: `the secret ${name} ${fault ?? 'is missing'}`, remedy },
    { cause },
  )
}
