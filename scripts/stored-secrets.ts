// The secrets of the deployed Worker, through wrangler.

import type { SecretName } from './secrets.ts'
import { runWrangler } from './wrangler.ts'

/** The names of what is stored; undefined where there is no such Worker yet. */
export async function listSecrets(worker: readonly string[]): Promise<string[] | undefined> {
  const args = ['secret', 'list', '--format', 'json', ...worker]
  const { code, stdout, stderr } = await runWrangler(args, { output: 'returned' })
  if (code !== 0) {
    if (/Worker "[^"]*".* not found/.test(`${stdout}${stderr}`)) return undefined
    throw new Error(`cannot list the Worker's secrets:\n${`${stdout}${stderr}`.trim()}`)
  }
  const secrets: { name: string }[] = JSON.parse(stdout)
  return secrets.map(({ name }) => name)
}

/** Without a Worker of that name, wrangler makes an empty one to hold the secret. */
export async function putSecret(
  name: SecretName,
  value: string,
  worker: readonly string[],
): Promise<void> {
  const { code, stdout, stderr } = await runWrangler(['secret', 'put', name, ...worker], {
    input: value,
    output: 'returned',
  })
  if (code !== 0) throw new Error(`cannot store ${name}:\n${`${stdout}${stderr}`.trim()}`)
}
