// `npm run setup -- [--force] [--out DIR] [wrangler's --env, --name, --config]`: makes the secrets of
// a deployment and stores them at Cloudflare. It passes values through standard input, never as an
// argument, which every process of the machine could read. It replaces a signing key only with --force.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { reportFailure } from './failure.ts'
import { answerHelp } from './help.ts'
import { createSecret, type SecretName, secretNames } from './secrets.ts'
import { listSecrets, putSecret } from './stored-secrets.ts'

interface SetupArguments {
  force: boolean
  /** The folder for a copy of the signing key. */
  out: string | undefined
  /** wrangler's options that name the Worker. */
  worker: string[]
}

async function setUp({ force, out, worker }: SetupArguments): Promise<void> {
  const stored = await listSecrets(worker)
  if (stored === undefined) console.log('There is no such Worker yet: wrangler makes an empty one.')
  const missing = secretNames.filter((name) => force || !stored?.includes(name))
  if (missing.length === 0)
    throw new Error(
      'the Worker has its secrets already, and installed systems trust the signing key. To replace a lost token alone: npx wrangler secret put ADMIN_TOKEN. To replace both: npm run setup -- --force',
    )
  const made = await createSecrets(missing)
  // The copy comes first: a key that is in use and cannot be saved would be worse than a saved key that is unused.
  if (out !== undefined) await saveSigningKey(made, out)
  for (const [name, value] of made) await putSecret(name, value, worker)
  report(made, stored ?? [])
}

async function createSecrets(names: readonly SecretName[]): Promise<Map<SecretName, string>> {
  const made = new Map<SecretName, string>()
  for (const name of names) made.set(name, await createSecret(name))
  return made
}

async function saveSigningKey(made: Map<SecretName, string>, out: string): Promise<void> {
  const key = made.get('SIGNING_KEY')
  if (key === undefined) return
  const directory = resolve(process.env.INIT_CWD ?? '.', out)
  const file = join(directory, 'signing-key.pem')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeFile(file, key, { mode: 0o600, flag: 'wx' })
  console.log(`A copy of the signing key is in ${file}: keep it where nobody else reads.`)
}

function report(made: Map<SecretName, string>, stored: readonly string[]): void {
  for (const name of secretNames)
    console.log(
      `${name}: ${made.has(name) ? 'stored' : 'kept'}${stored.includes(name) && made.has(name) ? ', the former value is gone' : ''}`,
    )
  const token = made.get('ADMIN_TOKEN')
  if (token !== undefined)
    console.log(`\nThe admin token, shown this once:\n\n  ${token}\n\nNext: npm run deploy`)
}

function parseSetupArguments(given: readonly string[]): SetupArguments {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...given],
    options: {
      force: { type: 'boolean', default: false },
      out: text,
      name: text,
      config: { ...text, short: 'c' },
      env: { ...text, short: 'e' },
    },
  })
  const { force, out, ...worker } = values
  return {
    force,
    out,
    worker: Object.entries(worker).flatMap(([name, value]) => [`--${name}`, String(value)]),
  }
}

answerHelp(`npm run setup -- [--force] [--out DIR] [--env NAME] [--name NAME] [--config FILE]

Makes the secrets of a deployment and stores them at Cloudflare.

  --force     replaces existing secrets: installed systems no longer trust the registry
  --out DIR   also writes the signing key into the folder DIR
  --env, --name, --config   which Worker, as for wrangler`)
try {
  await setUp(parseSetupArguments(process.argv.slice(2)))
} catch (error) {
  reportFailure('npm run setup', error)
}
