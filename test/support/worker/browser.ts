// A browser as far as the registry sees one: it keeps the cookie, says where a form comes from, and
// takes the hidden fields from the page.
import { expect } from 'vitest'
import { answerOf } from './registry.ts'

export interface SignedIn {
  readonly cookie: string
  readonly headers: Record<string, string>
}

export const FROM_HERE = { 'sec-fetch-site': 'same-origin' }

export function post(path: string, fields: Record<string, string>, headers: HeadersInit = {}) {
  const body = new URLSearchParams(fields)
  const sent = { ...FROM_HERE, accept: 'text/html', ...headers }
  return answerOf(path, { method: 'POST', headers: sent, body, redirect: 'manual' })
}

/** Signs in and expects it to work; the headers carry the cookie. */
export async function signIn(token: string, next = ''): Promise<SignedIn> {
  const { status, headers } = await post('/-/sign-in', { token, ...(next && { next }) })
  expect(status).toBe(303)
  const [cookie = ''] = (headers.get('set-cookie') ?? '').split(';')
  return { cookie, headers: { cookie } }
}

/** The form token that the pages of the session carry. */
export async function csrfOf({ headers }: SignedIn): Promise<string> {
  const { text } = await answerOf('/', { headers: { ...headers, accept: 'text/html' } })
  const [, token] = /name="csrf" value="([^"]+)"/.exec(text) ?? []
  if (token === undefined) throw new Error('the page has no form token: nobody is signed in')
  return token
}
