// Prepares the file from which `wrangler dev` takes secrets. It makes the file if there is none and adds missing
// secrets. It never changes or removes a byte of an existing file.
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { createSecret, type SecretName, secretNames } from './secrets.ts'

export interface DevVars {
  adminToken: string
  /** The names of the secrets that were made by this call. */
  made: readonly SecretName[]
  /** Whether the file existed before. */
  kept: boolean
}

export async function prepareDevVars(file: string): Promise<DevVars> {
  const before = await readIfPresent(file)
  // The runtime treats an empty secret as missing. If a secret has two lines, the last one counts.
  const missing = secretNames.filter((name) => !parseEnv(before ?? '')[name]?.trim())
  const lines: string[] = []
  for (const name of missing) lines.push(formatLine(name, await createSecret(name)))
  if (before === undefined) await writeFile(file, lines.join(''), { mode: 0o600, flag: 'wx' })
  else if (lines.length > 0)
    await appendFile(file, `${/[^\n]$/.test(before) ? '\n' : ''}${lines.join('')}`)
  const { ADMIN_TOKEN = '' } = parseEnv(await readFile(file, 'utf8'))
  return { adminToken: ADMIN_TOKEN.trim(), made: missing, kept: before !== undefined }
}

/** Writes a secret in one line. wrangler turns \n between double quotes into newlines. */
function formatLine(name: SecretName, value: string): string {
  return `${name}="${value.trimEnd().replaceAll('\n', '\\n')}"\n`
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
