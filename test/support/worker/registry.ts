// The registry as a test's client sees it: HTTP in, responses out, and the rows and objects behind.
import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import { MARKER_KEY } from '../../../src/core/blobs/keys.ts'

export const ORIGIN = 'https://registry.test'
export const ADMIN = { authorization: 'Bearer admin-token-of-the-tests' }

export function send(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(new Request(new URL(path, ORIGIN), init))
}

/** Method, path, status and text of the answer; the body is read. */
export async function answerOf(path: string, init: RequestInit = {}) {
  const response = await send(path, init)
  return {
    status: response.status,
    text: (await response.text()).trimEnd(),
    headers: response.headers,
  }
}

export async function createOwner(name = 'acme', visibility = 'public'): Promise<void> {
  const { status } = await answerOf(`/api/v1/owners/${name}`, {
    method: 'PUT',
    headers: ADMIN,
    body: JSON.stringify({ visibility }),
  })
  expect(status).toBe(201)
}

/** The headers that carry a new token of the owner. */
export async function tokenOf(owner: string, grant: Record<string, unknown>) {
  const response = await send(`/api/v1/owners/${owner}/tokens`, {
    method: 'POST',
    headers: ADMIN,
    body: JSON.stringify({ name: 'test', ...grant }),
  })
  expect(response.status).toBe(201)
  const { token, id } = (await response.json()) as { token: string; id: string }
  return { id, token, headers: { authorization: `Bearer ${token}` } }
}

export function put(bytes: Uint8Array, path: string, headers: HeadersInit = ADMIN) {
  return answerOf(path, { method: 'PUT', headers, body: bytes })
}

/** The number of rows of each table that packages live in. */
export async function countRows() {
  const tables = [
    'package',
    'package_version',
    'package_file',
    'package_blob',
    'repository',
  ] as const
  const columns = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`)
  const row = await env.DB.prepare(`SELECT ${columns.join(', ')}`).first()
  return row as Record<(typeof tables)[number], number>
}

/** The keys of the objects under a prefix, but for the marker that says whose bucket it is. */
export async function listKeys(prefix = ''): Promise<string[]> {
  const { objects } = await env.BLOBS.list({ prefix })
  return objects.map((object) => object.key).filter((key) => key !== MARKER_KEY)
}

/** As if every package had been published before there were lists of what packages hold. */
export async function forgetContents(): Promise<void> {
  await env.BLOBS.delete(await listKeys('contents/'))
  for (const key of await listKeys('blobs/')) {
    const object = await env.BLOBS.get(key)
    await env.BLOBS.put(key, (await object?.arrayBuffer()) ?? '')
  }
}

/** Fails unless there is no package and no object. */
export async function expectNothing(): Promise<void> {
  const none = { package: 0, package_version: 0, package_file: 0, package_blob: 0, repository: 0 }
  expect(await countRows()).toEqual(none)
  expect(await listKeys()).toEqual([])
}
