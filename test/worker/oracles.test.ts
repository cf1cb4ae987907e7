import { beforeEach, expect, it, vi } from 'vitest'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, listKeys, tokenOf } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, put } from '../types/alpine/repository.ts'

// What answers must not tell: whether a private owner exists, what it has, whether a guess is right.

let outsider: Record<string, string>

beforeEach(async () => {
  await createOwner('acme')
  await createOwner('secret', 'private')
  outsider = (await tokenOf('acme', { scopes: ['admin'] })).headers
})

async function seenAt(path: string, init: RequestInit = {}) {
  const { status, text, headers } = await answerOf(path, init)
  const unlike = /"request_id":"[^"]+"|db;dur=\d+/g
  return { status, text: text.replace(unlike, ''), headers: withoutTimes(headers) }
}

function withoutTimes(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name !== 'server-timing'))
}

it.each([
  ['GET', '/api/packages/OWNER/alpine/edge/main/x86_64/APKINDEX.tar.gz', ''],
  ['PUT', '/api/packages/OWNER/alpine/edge/main', ''],
  ['GET', '/api/v1/packages/OWNER', ''],
  ['GET', '/api/v1/owners/OWNER/tokens', ''],
  ['GET', '/OWNER', 'text/html'],
  ['GET', '/OWNER/-/manage', 'text/html'],
])('%s %s tells a token of another owner nothing', async (method, path, accept) => {
  const at = async (name: string) => {
    const init = { method, headers: { ...outsider, accept }, redirect: 'manual' } as const
    const seen = await seenAt(path.replace('OWNER', name), init)
    const text = seen.text.replaceAll(name, 'OWNER').replaceAll(name.toLowerCase(), 'OWNER')
    return { ...seen, text }
  }
  const existing = await at('secret')
  expect(existing.status).toBe(404)
  // Pages offer to search for the first two letters of the name that was asked for.
  expect(existing).toEqual(await at('second'))
  expect(existing).toEqual(await at('Secret'))
})

it.each(['/', '/acme'])(
  'page %s shows nobody by a header whether a token is right',
  async (path) => {
    const at = (authorization: string) =>
      seenAt(path, { headers: { accept: 'text/html', authorization } })
    const wrong = await at('Bearer admin-token-of-the-guesser')
    expect(wrong.status).toBe(200)
    expect(await at('Bearer admin-token-of-the-tests')).toEqual(wrong)
    expect(await at(outsider.authorization ?? '')).toEqual(wrong)
  },
)

it('tells nobody by a file of their own that a private owner has the same', async () => {
  const contentsOf = async (bytes: Uint8Array, name: string) => {
    const path = `/api/packages/acme/generic/mine/1/${name}`
    const { status } = await answerOf(path, { method: 'PUT', headers: outsider, body: bytes })
    expect(status).toBe(201)
    const files = await answerOf('/api/v1/packages/acme/generic/mine/1/files')
    const { sha256 } = JSON.parse(files.text).find((file: { name: string }) => file.name === name)
    const list = `/api/v1/packages/acme/generic/mine/1/files/${sha256}/contents`
    return (await answerOf(list)).status
  }
  const theirs = buildApk({ name: 'theirs', version: '1-r0' })
  expect((await put(theirs, MAIN.replace('acme', 'secret'))).status).toBe(201)
  expect(await contentsOf(theirs, 'known')).toBe(404)
  expect(await contentsOf(buildApk({ name: 'nobodys', version: '1-r0' }), 'unknown')).toBe(404)
})

it('keeps the list of a package whose bytes somebody had as something else', async () => {
  const bytes = buildApk({ name: 'hello', version: '1-r0' })
  const elsewhere = '/api/packages/secret/generic/any/1/file'
  const first = await answerOf(elsewhere, { method: 'PUT', headers: ADMIN, body: bytes })
  expect(first.status).toBe(201)
  for (const path of [MAIN, MAIN.replace('edge', 'v3.22'), MAIN]) {
    const { status } = await put(bytes, path)
    expect(status === 201 || status === 409).toBe(true)
    const { text } = await answerOf('/api/v1/packages/acme/alpine/hello/1-r0/files')
    const { sha256 } = JSON.parse(text)[0]
    const list = `/api/v1/packages/acme/alpine/hello/1-r0/files/${sha256}/contents`
    await vi.waitFor(async () => expect((await answerOf(list)).status).toBe(200))
    await vi.waitFor(async () => expect(await listKeys('blobs/')).toHaveLength(1))
  }
  await expectConsistent()
})
