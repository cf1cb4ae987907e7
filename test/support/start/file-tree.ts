// What a folder holds, for comparing it before and after: by path, the mode and the content.
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Without the folder `dev`, where there is no device and what is thrown away stays. */
export function readTree(directory: string): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^dev(\/|$)/.test(path))
    .sort()
  return Object.fromEntries(paths.map((path) => [path, describe(join(directory, path))]))
}

function describe(path: string): string {
  const stat = lstatSync(path)
  const mode = (stat.mode & 0o7777).toString(8)
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`
  if (stat.isDirectory()) return `folder ${mode}`
  return `${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`
}
