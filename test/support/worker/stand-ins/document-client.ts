// A client of the stand-in with documents, for a package `p` of the owner `acme`.
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { override, wrapMethod } from '../bindings.ts'
import { ADMIN, answerOf, send } from '../registry.ts'
import { DOCUMENT_TYPE, type StandInDocument } from './documents.ts'

export const BASE = `/api/packages/acme/${DOCUMENT_TYPE}`
export const PACKAGE = `${BASE}/-/package/p`

export const publish = async (version: string, file = 'f', metadata = '{}', key = '') => {
  const path = `${BASE}/p/${version}/${file}?key=${encodeURIComponent(key)}`
  const { status, text } = await answerOf(path, { method: 'PUT', headers: ADMIN, body: metadata })
  expect([status, text]).toEqual([201, expect.any(String)])
}
export const remove = async (version: string) => {
  const { status } = await answerOf(`${BASE}/p/${version}`, { method: 'DELETE', headers: ADMIN })
  expect(status).toBe(204)
}
export const pointTag = async (tag: string, version: string) => {
  const init = { method: 'PUT', headers: ADMIN, body: version }
  expect((await answerOf(`${BASE}/-/tag/p/${tag}`, init)).text).toBe('moved')
}

/** An empty value takes the mark away. */
export const setMark = async (version: string, name: string, value: string) => {
  const init = { method: 'PUT', headers: ADMIN, body: value }
  expect((await answerOf(`${BASE}/-/mark/p/${version}/${name}`, init)).text).toBe('changed')
}

export async function get(path = PACKAGE, headers: HeadersInit = {}) {
  const response = await send(path, { headers })
  const text = await response.text()
  const { headers: of, status } = response
  const found = { status, text, etag: of.get('etag') ?? '', date: of.get('last-modified') ?? '' }
  return { ...found, timing: of.get('server-timing') ?? '', headers: of }
}

export async function documentAt(
  path = PACKAGE,
  headers: HeadersInit = {},
): Promise<StandInDocument> {
  const { status, text } = await get(path, headers)
  expect([path, status]).toEqual([path, 200])
  return JSON.parse(text) as StandInDocument
}

export const versionsOf = ({ files }: StandInDocument) => files.map(({ version }) => version)

/** Before each batch of D1 that a request in the test makes, from 0; none of what it does itself. */
export function beforeBatches(act: (batch: number) => Promise<void>): { count: number } {
  const seen = { count: 0 }
  let acting = false
  const batch: D1Database['batch'] = async (statements) => {
    if (!acting) {
      acting = true
      try {
        await act(seen.count++)
      } finally {
        acting = false
      }
    }
    return env.DB.batch(statements)
  }
  override({ DB: wrapMethod(env.DB, 'batch', batch) })
  return seen
}
