// Lists and stores the secrets of the deployed Worker, through wrangler.

import type { SecretName } from './secrets.ts'
import { failureOf, runWrangler } from './wrangler.ts'

/** The names of the stored secrets; undefined if the Worker does not exist yet. */
export async function listSecrets(worker: readonly string[]): Promise<string[] | undefined> {
  const args = ['secret', 'list', '--format', 'json', ...worker]
  const finished = await runWrangler(args, { output: 'returned' })
  if (finished.code !== 0) {
    if (/Worker "[^"]*".* not found/.test(`${finished.stdout}${finished.stderr}`)) return undefined
    throw failureOf("cannot list the Worker's secrets", finished)
  }
  const secrets: { name: string }[] = JSON.parse(finished.stdout)
  return secrets.map(({ name }) => name)
}

/** Stores a secret. If no Worker has that name, wrangler makes an empty one that holds the secret. */
export async function putSecret(
  name: SecretName,
  value: string,
  worker: readonly string[],
): Promise<void> {
  const finished = await runWrangler(['secret', 'put', name, ...worker], {
    input: value,
    output: 'returned',
  })
  if (finished.code !== 0) throw failureOf(`cannot store ${name}`, finished)
}
