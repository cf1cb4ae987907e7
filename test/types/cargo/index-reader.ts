// The index of an owner as cargo reads it, from where it says that things are.
import { expect } from 'vitest'
import { send } from '../../support/worker/registry.ts'

export interface IndexLine {
  readonly name: string
  readonly vers: string
  readonly cksum: string
  readonly yanked: boolean
  readonly [field: string]: unknown
}

/** The path of a crate's file in the index, as cargo makes it. */
export function indexPath(name: string, root = CARGO): string {
  const lower = name.toLowerCase()
  if (lower.length <= 2) return `${root}/${lower.length}/${lower}`
  if (lower.length === 3) return `${root}/3/${lower[0]}/${lower}`
  return `${root}/${lower.slice(0, 2)}/${lower.slice(2, 4)}/${lower}`
}

export const CARGO = '/api/packages/acme/cargo'

/** No lines where there is no such crate. */
export async function readIndex(
  name: string,
  headers: HeadersInit = {},
): Promise<readonly IndexLine[]> {
  const response = await send(indexPath(name), { headers })
  const text = await response.text()
  if (response.status === 404) return []
  expect([response.status, response.headers.get('content-type')]).toEqual([
    ...[200, 'text/plain; charset=utf-8'],
  ])
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as IndexLine)
}
