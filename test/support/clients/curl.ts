// curl as the documentation tells people to call it, with the status and the body apart.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface CurlAnswer {
  /** curl's exit code: 22 for a refusal under --fail-with-body. */
  code: number
  status: number
  text: string
  /** curl's own messages, and the header lines of both sides under --verbose. */
  stderr: string
}

/** Runs curl quietly; the body goes to a file, so that any exit code leaves it readable. */
export async function curl(
  program: string,
  args: readonly string[],
  options: { cwd?: string; stdin?: Uint8Array } = {},
): Promise<CurlAnswer> {
  const body = join(await temporaryDirectory(), 'body')
  const quiet = ['--silent', '--show-error', '--write-out', '%{http_code}', '--output', body]
  const { code, stdout, stderr } = await run(program, [...quiet, ...args], options)
  const text = await readFile(body, 'utf8').catch(() => '')
  return { code, status: Number(stdout), text, stderr }
}

/** `--header` with a token, `--fail-with-body`, and the file to send. */
export function uploadArguments(token: string, file: string, url: string): string[] {
  return ['--fail-with-body', '--header', `Authorization: Bearer ${token}`, '-T', file, url]
}
