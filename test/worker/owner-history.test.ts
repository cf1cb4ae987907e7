import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { linksOf, read } from '../support/worker/api.ts'
import { signIn } from '../support/worker/browser.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'
import { samples } from '../types/samples.ts'

// Who published and removed what, of an owner and of a repository: over the API, as a feed and as a page.

const HISTORY = '/api/v1/owners/acme/history'
const OF_MAIN = '/api/v1/owners/acme/repositories/alpine/edge/main/history'
const TOOL = '/api/packages/acme/generic/tool'
const DAY_MS = 24 * 60 * 60 * 1000

interface Entry {
  readonly id: string
  readonly op: string
  readonly type: string
  readonly package: string | null
  readonly version: string | null
  readonly file_name: string | null
  readonly html_url: string | null
  readonly token?: { readonly id: string; readonly name: string | null }
}

const lineOf = ({ op, type, package: name, version, file_name: file }: Entry) =>
  [op, type, name, version, file].join(' ')

async function entriesOf(path: string, headers: HeadersInit = {}): Promise<readonly Entry[]> {
  return (await read(path, headers)).body
}

/** All pages of a history, each at the address that the one before gave. */
async function allPages(path: string, limit: number): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (let next: string | undefined = `${path}?limit=${limit}`; next !== undefined; ) {
    const page: Awaited<ReturnType<typeof read>> = await read(next)
    expect(page.body.length).toBe(
      linksOf(page.headers).next === undefined ? page.body.length : limit,
    )
    entries.push(...page.body)
    next = linksOf(page.headers).next
  }
  return entries
}

const change = (method: string, path: string, headers: HeadersInit, body?: string) =>
  answerOf(path, { method, headers, ...(body === undefined ? {} : { body }) })

/** A package published and removed in a repository, and two files in none, of which one is removed. */
async function changeAll() {
  const { headers, id } = await tokenOf('acme', { scopes: ['write'], name: 'ci' })
  await publish({ name: 'hello', version: '1-r0' })
  await publish({ name: 'world', version: '1-r0' })
  for (const file of ['A.txt', 'B.txt']) {
    expect((await change('PUT', `${TOOL}/1/${file}`, headers, file)).status).toBe(201)
  }
  expect((await change('DELETE', `${MAIN}/x86_64/hello-1-r0.apk`, headers)).status).toBe(204)
  expect((await change('DELETE', `${TOOL}/1/A.txt`, ADMIN)).status).toBe(204)
  return { id }
}

const LINES = [
  'remove generic tool 1 a.txt',
  'remove alpine   hello-1-r0.apk',
  'publish generic tool 1 B.txt',
  'publish generic tool 1 a.txt',
  'publish alpine world 1-r0 world-1-r0.apk',
  'publish alpine   hello-1-r0.apk',
]

beforeEach(() => createOwner())

describe('the history of an owner', () => {
  it('has what was published and removed, of every type, newest first', async () => {
    await changeAll()
    const entries = await entriesOf(HISTORY)
    expect(entries.map(lineOf)).toEqual(LINES)
    expect(new Set(entries.map(({ id }) => id)).size).toBe(LINES.length)
    expect(entries.map(({ html_url }) => html_url)).toEqual([
      ...[null, null, 'https://registry.test/acme/-/packages/generic/tool/1', null],
      ...['https://registry.test/acme/-/packages/alpine/world/1-r0', null],
    ])
    for (const sample of samples) {
      await answerTo(sample.publish(sample.second))
      const [newest] = await entriesOf(HISTORY)
      expect(newest).toMatchObject({ op: 'publish', type: sample.type })
    }
  })

  it('comes in pages that miss nothing and repeat nothing', async () => {
    await changeAll()
    for (const limit of [1, 2, 5, 100]) {
      expect((await allPages(HISTORY, limit)).map(lineOf)).toEqual(LINES)
    }
    const first = await read(`${HISTORY}?limit=2`)
    await publish({ name: 'later', version: '1-r0' })
    const second = await entriesOf(linksOf(first.headers).next ?? '')
    expect(second.map(lineOf)).toEqual(LINES.slice(2, 4))
    for (const query of ['after=x', 'after=1', 'after=1.a%20b', 'limit=x']) {
      expect([query, (await answerOf(`${HISTORY}?${query}`)).status]).toEqual([query, 400])
    }
  })

  it('shows by which token to those alone who manage the owner', async () => {
    const { id } = await changeAll()
    const who = async (headers: HeadersInit) =>
      (await entriesOf(HISTORY, headers)).map(({ token }) => token)
    const shown = [
      { id: 'admin', name: null },
      ...[1, 2, 3].map(() => ({ id, name: 'ci' })),
      ...[1, 2].map(() => ({ id: 'admin', name: null })),
    ]
    const { headers: admin } = await tokenOf('acme', { scopes: ['admin'] })
    expect(await who(admin)).toEqual(shown)
    expect(await who(ADMIN)).toEqual(shown)
    const { headers: writer } = await tokenOf('acme', { scopes: ['write'] })
    await createOwner('other')
    const { headers: other } = await tokenOf('other', { scopes: ['admin'] })
    for (const headers of [{}, writer, other]) expect(await who(headers)).toEqual(Array(6))
    const deleted = await change('DELETE', `/api/v1/owners/acme/tokens/${id}`, ADMIN)
    expect(deleted.status).toBe(204)
    expect((await who(ADMIN))[1]).toEqual({ id, name: null })
  })

  it('keeps what was removed from no repository for 90 days, and its publish as long', async () => {
    await changeAll()
    const linesAfter = async (days: number) => {
      await sweep(env.DB, env.BLOBS, Date.now() + days * DAY_MS)
      // What is kept at the edge stays there for the rest of the day.
      return (await entriesOf(HISTORY, ADMIN)).map(lineOf)
    }
    expect(await linesAfter(89)).toEqual(LINES)
    const left = LINES.filter((line) => !line.includes('a.txt'))
    expect(await linesAfter(91)).toEqual(left)
    await expectConsistent()
    const rows = await env.DB.prepare('SELECT count(*) AS n FROM owner_change').first('n')
    expect(rows).toBe(left.length)
  })

  it('ends with its repository, and with its owner', async () => {
    await changeAll()
    const removed = await change('DELETE', `${MAIN}/x86_64/world-1-r0.apk`, ADMIN)
    expect(removed.status).toBe(204)
    const repository = '/api/v1/owners/acme/repositories/alpine/edge/main'
    expect((await change('DELETE', repository, ADMIN)).status).toBe(204)
    expect((await entriesOf(HISTORY, ADMIN)).map(lineOf)).toEqual(
      LINES.filter((line) => line.includes('generic')),
    )
    expect((await change('DELETE', TOOL, ADMIN)).status).toBe(204)
    expect((await change('DELETE', '/api/v1/owners/acme', ADMIN)).status).toBe(204)
    const rows = await env.DB.prepare('SELECT count(*) AS n FROM owner_change').first('n')
    expect(rows).toBe(0)
  })
})

describe('the history of a repository', () => {
  it('is its log, page by page, with its re-indexings', async () => {
    await changeAll()
    expect((await change('POST', OF_MAIN.replace('history', 'check'), ADMIN)).status).toBe(200)
    const lines = ['reindex alpine   ', ...LINES.filter((line) => line.includes('alpine'))]
    for (const limit of [1, 3, 50]) {
      expect((await allPages(OF_MAIN, limit)).map(lineOf)).toEqual(lines)
    }
    expect((await entriesOf(OF_MAIN, ADMIN)).map(({ token }) => token?.id)).toEqual([
      '',
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      'admin',
      'admin',
    ])
    const none = await answerOf(OF_MAIN.replace('main', 'none'))
    expect([none.status, JSON.parse(none.text).detail]).toEqual([
      404,
      'no such repository: "acme/edge/none"',
    ])
  })
})

describe('the feed', () => {
  it('has an id and a time for each of the last 50 changes', async () => {
    await changeAll()
    for (let version = 0; version < 50; version++) {
      await change('PUT', `${TOOL}/2/f${version}%26%3C`.replace('%3C', ''), ADMIN, 'x')
    }
    const { headers, text } = await answerOf(`${HISTORY}.atom`)
    expect(headers.get('content-type')).toBe('application/atom+xml; charset=utf-8')
    expect(headers.get('cache-control')).toBe('public, no-cache')
    const entries = text.split('<entry>').slice(1)
    expect(entries).toHaveLength(50)
    const ids = entries.map(
      (entry) => /<id>(urn:uuid:[0-9a-f-]{36}(?:#removed)?)<\/id>/.exec(entry)?.[1],
    )
    expect(new Set(ids).size).toBe(50)
    expect(ids).not.toContain(undefined)
    expect(entries[0]).toContain('<title>Published tool 2 (f49&amp;)</title>')
    expect(text).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/)
    expect(text).not.toContain('ci')
    const newest = /<updated>([^<]+)/.exec(entries[0] ?? '')?.[1]
    expect(text.slice(0, text.indexOf('<entry>'))).toContain(`<updated>${newest}</updated>`)
    expect(text).toContain('href="https://registry.test/api/v1/owners/acme/history.atom"')
  })

  it('is not sent again to whoever has it', async () => {
    await changeAll()
    const { headers } = await answerOf(`${HISTORY}.atom`)
    const sent = { headers: { 'if-none-match': headers.get('etag') ?? '' } }
    expect((await answerOf(`${HISTORY}.atom`, sent)).status).toBe(304)
    await publish({ name: 'newer', version: '1-r0' })
    expect((await answerOf(`${HISTORY}.atom`, sent)).status).toBe(200)
    const empty = await answerOf(`${OF_MAIN.replace('main', 'none')}.atom`)
    expect(empty.status).toBe(404)
  })

  it('of a private owner is for credentials alone, and in no cache', async () => {
    await createOwner('secret', 'private')
    const path = '/api/v1/owners/secret/history.atom'
    const refused = await answerOf(path)
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Basic /),
    ])
    const { token } = await tokenOf('secret', { scopes: ['read'] })
    const basic = { authorization: `Basic ${btoa(`reader:${token}`)}` }
    const { status, headers, text } = await answerOf(path, { headers: basic })
    expect([status, headers.get('cache-control')]).toEqual([200, 'private, no-store'])
    expect(text).not.toContain('<entry>')
  })
})

describe('the page of a history', () => {
  it('has the changes, older ones behind a link, and the tokens for who manages the owner', async () => {
    const { id } = await changeAll()
    for (let version = 0; version < 50; version++) {
      await change('PUT', `${TOOL}/2/f${version}`, ADMIN, 'x')
    }
    const { text } = await answerOf('/acme/-/history')
    expect(text).toContain('>Published tool 2 (f49)</a>')
    expect(text).toContain('href="/api/v1/owners/acme/history.atom"')
    expect(text).not.toContain('token ci')
    const [, older = ''] = /href="([^"]+\?after=[^"]+)"/.exec(text) ?? []
    const next = (await answerOf(older)).text
    expect(next).toContain('Removed tool 1 (a.txt)')
    expect(next).toContain('Removed hello-1-r0.apk for x86_64 from edge/main')
    expect(next).not.toContain('?after=')
    const { headers } = await signIn('admin-token-of-the-tests')
    const managed = (await answerOf(older, { headers })).text
    expect(managed).toContain('by the token ci')
    await change('DELETE', `/api/v1/owners/acme/tokens/${id}`, ADMIN)
    expect((await answerOf(older, { headers })).text).toContain(`by the deleted token ${id}`)
    const repository = (await answerOf('/acme/-/history/alpine/edge/main')).text
    expect(repository).toContain('Published world 1-r0 for x86_64 to edge/main')
    expect(repository).not.toContain('tool')
  })
})
