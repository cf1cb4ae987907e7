// The API for packages as its clients see it: JSON, and the links between pages.
import { expect } from 'vitest'
import { answerOf } from './registry.ts'

export const API = '/api/v1/packages/acme'

/** The JSON and the headers of an answer that must be 200. */
export async function read(path: string, headers: HeadersInit = {}) {
  const answer = await answerOf(path, { headers })
  expect(`${answer.status} ${answer.text}`).toMatch(/^200 /)
  expect(answer.headers.get('content-type')).toBe('application/json')
  return { body: JSON.parse(answer.text), headers: answer.headers }
}

/** Names and versions in the order of the list. */
export async function listed(query = ''): Promise<string[]> {
  const { body } = await read(`${API}${query}`)
  return body.map(({ name, version }: Record<string, string>) => `${name} ${version}`)
}

/** The targets of a Link header by their relation, as path and query. */
export function linksOf(headers: Headers): Record<string, string> {
  const links = headers.get('link')?.split(', ') ?? []
  return Object.fromEntries(
    links.map((link) => {
      const [, target = '', relation = ''] = /^<([^>]+)>; rel="(\w+)"$/.exec(link) ?? []
      const { pathname, search } = new URL(target)
      return [relation, pathname + search]
    }),
  )
}
