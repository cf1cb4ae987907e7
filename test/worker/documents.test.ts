import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { answerOf, createOwner, ORIGIN, send } from '../support/worker/registry.ts'
import {
  BASE,
  beforeBatches,
  documentAt,
  get,
  PACKAGE,
  pointTag,
  publish,
  remove,
  setMark,
  versionsOf,
} from '../support/worker/stand-ins/document-client.ts'
import {
  LIST_FORM,
  SHORT_FORM,
  type StandInDocument,
} from '../support/worker/stand-ins/documents.ts'
import { seedFiles } from '../support/worker/stand-ins/seed-documents.ts'
import { recordStatements } from '../support/worker/statements.ts'

// Documents about packages, through HTTP, of a stand-in of a package type.

/** Rows that D1 says it read, of all batches from now on. */
function countRowsRead(): { batches: number; rows: number } {
  const seen = { batches: 0, rows: 0 }
  const batch: D1Database['batch'] = async <T>(statements: D1PreparedStatement[]) => {
    const results = await env.DB.batch<T>(statements)
    seen.batches++
    for (const { meta } of results) seen.rows += meta.rows_read
    return results
  }
  override({ DB: wrapMethod(env.DB, 'batch', batch) })
  return seen
}

beforeEach(async () => {
  await createOwner()
})
afterEach(() => vi.restoreAllMocks())

describe('a document', () => {
  it('says what the rows say', async () => {
    await publish('1', 'b', '{"a":"é\\"<"}')
    await publish('1', 'a')
    await publish('10', 'f')
    await publish('2', 'f', '[2]', 'k/l')
    await pointTag('latest', '10')
    await pointTag('__proto__', '1')
    await setMark('1', 'yanked', 'é"<')
    await setMark('1', '__proto__', '{}')
    const document = await documentAt()
    const row = await env.DB.prepare('SELECT * FROM package').first<Record<string, unknown>>()
    const { name, displayName, state, changedAt, changes, tags, origin, count } =
      document as StandInDocument & { displayName: string }
    expect({ name, displayName, state, changedAt, changes, origin, count }).toEqual({
      ...{ name: 'p', displayName: 'P', state: row?.state, changedAt: row?.changed_at },
      ...{ changes: 8, origin: ORIGIN, count: 4 },
    })
    expect(Object.entries(tags).sort()).toEqual([
      ['__proto__', 'v1'],
      ['latest', 'v10'],
    ])
    const { results } = await env.DB.prepare(
      `SELECT f.id, v.version, v.display_version AS displayVersion, f.name,
         f.display_name AS displayName, f.composite_key AS compositeKey, f.architecture, b.size,
         b.sha256, b.sha1, b.sha512, b.md5, f.metadata, f.created_at AS createdAt
       FROM package_file f JOIN package_version v ON v.id = f.version_id
       JOIN package_blob b ON b.sha256 = f.blob_sha256 ORDER BY v.version, composite_key, f.name`,
    ).all()
    expect(results).toHaveLength(4)
    const marks = JSON.parse('{"yanked":"é\\"<","__proto__":"{}"}')
    expect(document.files.map(({ marks: _, ...file }) => file)).toEqual(results)
    expect(document.files.map((file) => Object.entries(file.marks).sort())).toEqual([
      ...[Object.entries(marks).sort(), Object.entries(marks).sort(), [], []],
    ])
  })

  it('is of a version, of the files under a key, or of a tagged version', async () => {
    await publish('1', 'a', '{}', 'a')
    await publish('1', 'b', '{}', 'ab/c')
    await publish('1', 'c', '{}', 'ac')
    await publish('2', 'd', '{}', 'ab')
    await pointTag('latest', '2')
    const names = async (path: string) =>
      (await documentAt(`${BASE}/-/${path}`)).files.map(({ name }) => name)
    expect(await names('version/p/1')).toEqual(['a', 'b', 'c'])
    expect(await names('key/p/1/a')).toEqual(['a', 'b', 'c'])
    expect(await names('key/p/1/ab')).toEqual(['b'])
    expect(await names('key/p/1/ab/')).toEqual(['b'])
    expect(await names('tag/p/latest')).toEqual(['d'])
    await pointTag('latest', '1')
    expect(await names('tag/p/latest')).toEqual(['a', 'b', 'c'])
    for (const path of ['version/p/3', 'key/p/1/b', 'key/p/3/a', 'tag/p/next', 'package/q']) {
      for (const method of ['GET', 'HEAD']) {
        const { status } = await answerOf(`${BASE}/-/${path}`, { method })
        expect([method, path, status]).toEqual([method, path, 404])
      }
    }
    const etags = ['package/p', 'version/p/1', 'key/p/1/a', 'key/p/1/ab', 'tag/p/latest'].map(
      async (path) => (await get(`${BASE}/-/${path}`)).etag,
    )
    expect(new Set(await Promise.all(etags)).size).toBe(5)
  })

  it('is another one after each change', async () => {
    const seen: Awaited<ReturnType<typeof get>>[] = []
    const changes = [
      () => publish('1'),
      () => publish('2'),
      () => pointTag('latest', '1'),
      () => pointTag('latest', '2'),
      () => setMark('1', 'yanked', 'a'),
      () => setMark('1', 'yanked', 'b'),
      () => setMark('1', 'yanked', ''),
      () => publish('2', 'g'),
      () => remove('2'),
      () => publish('2'),
    ]
    for (const change of changes) {
      await change()
      seen.push(await get())
    }
    expect(new Set(seen.map(({ etag }) => etag)).size).toBe(changes.length)
    expect(new Set(seen.map(({ text }) => text)).size).toBe(changes.length)
    const dates = seen.map(({ date }) => Date.parse(date))
    for (const [at, date] of dates.slice(1).entries()) {
      expect(date).toBeGreaterThanOrEqual((dates[at] ?? 0) + 1000)
    }
    expect(seen.map(({ text }) => JSON.parse(text).tags.latest)).toEqual([
      ...[undefined, undefined, 'v1', 'v2', 'v2', 'v2', 'v2', 'v2', undefined, undefined],
    ])
  })

  it('has no digest that another type may fill in later', async () => {
    await publish('1')
    const { files } = await documentAt()
    const { sha256, sha1 } = files[0] ?? {}
    const { text } = await get(PACKAGE, { accept: SHORT_FORM })
    expect(text.split('\n')[1]).toBe(`1 f ${sha256} ${sha1}||`)
  })

  it('has an ETag that a removed package does not bring back', async () => {
    await publish('1')
    const before = await get()
    await remove('1')
    expect((await get()).status).toBe(404)
    await publish('1')
    const after = await get(PACKAGE, { 'if-none-match': before.etag })
    expect([after.status, after.etag === before.etag]).toEqual([200, false])
  })
})

describe('conditions and HEAD', () => {
  it('take the one statement of the request', async () => {
    await publish('1')
    const { etag, date } = await get()
    const statements = recordStatements()
    const conditions: Record<string, string>[] = [
      { 'if-none-match': etag },
      { 'if-none-match': `"a", W/${etag}` },
      { 'if-modified-since': date },
    ]
    for (const headers of conditions) {
      const answer = await get(PACKAGE, headers)
      expect([answer.status, answer.text, answer.etag, answer.date]).toEqual([304, '', etag, date])
      expect(answer.headers.get('cache-control')).toBe('public, no-cache, no-transform')
      expect(answer.headers.get('vary')).toBe('accept')
    }
    const head = await send(PACKAGE, { method: 'HEAD' })
    const { headers } = head
    expect([head.status, headers.get('etag'), headers.get('last-modified')]).toEqual([
      ...[200, etag, date],
    ])
    expect(headers.get('content-type')).toBe('application/json')
    expect(statements).toHaveLength(4)
    const other = new Date(Date.parse(date) + 1000).toUTCString()
    expect((await get(PACKAGE, { 'if-modified-since': other })).status).toBe(200)
    expect((await get(PACKAGE, { 'if-none-match': '"a"', 'if-modified-since': date })).status).toBe(
      200,
    )
  })

  it('are of the form and of the origin', async () => {
    await publish('1')
    const full = await get()
    const short = await get(PACKAGE, { accept: SHORT_FORM })
    expect(short.headers.get('content-type')).toBe(SHORT_FORM)
    const list = await get(PACKAGE, { accept: LIST_FORM })
    expect([list.text, list.headers.get('content-type')]).toEqual(['1\n', LIST_FORM])
    const elsewhere = `https://other.test${PACKAGE}`
    const other = await get(elsewhere)
    expect(new Set([full.etag, short.etag, list.etag, other.etag]).size).toBe(4)
    // These forms have no origin in them.
    expect(await get(elsewhere, { accept: LIST_FORM })).toMatchObject({
      ...{ etag: list.etag, text: list.text },
    })
    expect(await get(elsewhere, { accept: SHORT_FORM })).toMatchObject({
      ...{ etag: short.etag, text: short.text },
    })
    const statuses = [
      await get(PACKAGE, { accept: SHORT_FORM, 'if-none-match': full.etag }),
      await get(PACKAGE, { accept: LIST_FORM, 'if-none-match': short.etag }),
      await get(elsewhere, { 'if-none-match': full.etag }),
      await get(PACKAGE, { 'if-none-match': other.etag }),
    ]
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })
})

describe('a package that changes while it is read', () => {
  const LARGE = 'x'.repeat(700_000)

  /** Three pages of the buffered kind. */
  const seedPages = (count = 7) =>
    seedFiles(
      'p',
      Array.from({ length: count }, (_, at) => ({
        version: `1.${String(at).padStart(2, '0')}`,
        metadata: JSON.stringify(LARGE),
      })),
    )

  it('gives body, ETag and date of the state that was read, not of the one that was found', async () => {
    await publish('1')
    beforeBatches(async (batch) => {
      if (batch === 0) await publish('2')
    })
    const raced = await get()
    override({ DB: env.DB })
    expect(versionsOf(JSON.parse(raced.text))).toEqual(['1', '2'])
    const after = await get()
    expect([after.text, after.etag, after.date]).toEqual([raced.text, raced.etag, raced.date])
    expect((await get(PACKAGE, { 'if-none-match': raced.etag })).status).toBe(304)
  })

  it.each([
    ['a publish before what was read', () => publish('0')],
    ['a publish behind it', () => publish('2')],
    ['a removal', () => remove('1.00')],
    ['a tag', () => pointTag('latest', '1.03')],
    ['a mark', () => setMark('1.00', 'yanked', 'a')],
  ])('is read again from the beginning after %s', async (_, change) => {
    await seedPages()
    const seen = beforeBatches(async (batch) => {
      if (batch === 2) await change()
    })
    const raced = await get()
    override({ DB: env.DB })
    expect(seen.count).toBeGreaterThan(5)
    expect(raced.status).toBe(200)
    const document = JSON.parse(raced.text) as StandInDocument
    const row = await env.DB.prepare('SELECT state FROM package').first('state')
    expect(document.state).toBe(row)
    const { results } = await env.DB.prepare(
      'SELECT version FROM package_version ORDER BY version',
    ).all()
    expect(versionsOf(document)).toEqual(results.map(({ version }) => version))
    expect((await get()).etag).toBe(raced.etag)
  })

  it('is 503 when it never rests, and found again once it does', async () => {
    await seedPages()
    let count = 0
    const seen = beforeBatches(() => publish('2', `f${count++}`))
    const busy = await get()
    expect([busy.status, busy.text]).toEqual([
      ...[503, expect.stringContaining('the package changes faster than it can be read')],
    ])
    expect(seen.count).toBe(8)
    override({ DB: env.DB })
    expect((await get()).status).toBe(200)
  })

  it('is 404 when it goes before the first page or between pages', async () => {
    await publish('1')
    beforeBatches(() => remove('1'))
    expect((await get()).status).toBe(404)
    override({ DB: env.DB })
    await seedPages()
    beforeBatches(async (batch) => {
      for (let at = 0; batch === 1 && at < 7; at++) await remove(`1.0${at}`)
    })
    expect((await get()).status).toBe(404)
  })

  it('is 404 when the version or the tag goes that the document is about', async () => {
    await publish('1')
    for (const path of ['version/p/2', 'key/p/2/', 'tag/p/latest']) {
      await publish('2', 'f', '{}', 'k')
      await pointTag('latest', '2')
      beforeBatches(() => remove('2'))
      expect([path, (await get(`${BASE}/-/${path.replace(/\/$/, '/k')}`)).status]).toEqual([
        path,
        404,
      ])
      override({ DB: env.DB })
    }
    expect((await get()).status).toBe(200)
  })

  it('breaks the transfer of a large document, and never mixes two states', async () => {
    await seedPages(20)
    const seen = beforeBatches(async (batch) => {
      if (batch === 6) await publish('2')
    })
    const response = await send(PACKAGE)
    expect([response.status, response.headers.get('content-length')]).toEqual([200, null])
    await expect(response.text()).rejects.toThrow()
    expect(seen.count).toBe(7)
    override({ DB: env.DB })
    expect(versionsOf(await documentAt())).toHaveLength(21)
  })

  it('breaks it off when the database goes away', async () => {
    await seedPages(20)
    beforeBatches(async (batch) => {
      if (batch === 6) throw new Error('D1_ERROR: internal error')
    })
    await expect((await send(PACKAGE)).text()).rejects.toThrow()
  })
})

describe('a large package', () => {
  it('costs rows in proportion to its versions, in pages that are full', async () => {
    const metadata = JSON.stringify('x'.repeat(2900))
    for (const count of [1, 100, 1000]) {
      const files = Array.from({ length: count }, (_, at) => ({ version: `1.0.${at}`, metadata }))
      await seedFiles(`of-${count}`, files)
      const seen = countRowsRead()
      const path = `${BASE}/-/package/of-${count}`
      const { files: found } = await documentAt(path)
      // Of each version a row of each of four tables and indexes, and what the sums of a page take.
      expect([count, seen.batches, seen.rows < 12 * count + 10]).toEqual([
        ...[count, count === 1000 ? 2 : 1, true],
      ])
      expect(found.map(({ version }) => version)).toEqual(
        files.map(({ version }) => version).sort(),
      )
    }
  })

  it('has pages of as many bytes, marks among them', async () => {
    const files = Array.from({ length: 900 }, (_, at) => ({ version: `1.${at}`, metadata: '{}' }))
    await seedFiles('p', files)
    await env.DB.prepare(
      "INSERT INTO package_mark SELECT id, 'deprecated', ?1, 0 FROM package_file",
    )
      .bind('x'.repeat(4000))
      .run()
    const seen = countRowsRead()
    const document = await documentAt()
    expect([seen.batches, document.count]).toEqual([2, 900])
    expect(document.files.every(({ marks }) => marks.deprecated?.length === 4000)).toBe(true)
  })

  it('of more than 8 MB is sent page by page, no faster than it is taken', async () => {
    const files = Array.from({ length: 220 }, (_, at) => ({
      version: String(at).padStart(3, '0'),
      metadata: JSON.stringify('é'.repeat(50_000)),
    }))
    await seedFiles('p', files)
    const seen = countRowsRead()
    const response = await send(PACKAGE)
    expect([response.status, response.headers.get('content-length')]).toEqual([200, null])
    const early = seen.batches
    const document = (await response.json()) as StandInDocument
    // Five pages are more than what is kept in memory, and one more may be on its way. In the end the cache is
    // filled, too.
    expect([early === 5 || early === 6, seen.batches >= 11]).toEqual([true, true])
    expect(document.files.map(({ version, metadata }) => ({ version, metadata }))).toEqual(files)
    expect(document.count).toBe(220)
    const etag = response.headers.get('etag') ?? ''
    expect((await get(PACKAGE, { 'if-none-match': etag })).status).toBe(304)
  })

  it('has all files of a version that pages divide', async () => {
    const files = Array.from({ length: 2300 }, (_, at) => ({
      version: at < 100 ? '1' : at < 2200 ? '2' : '3',
      compositeKey: at % 2 === 0 ? 'even/x' : 'odd',
      fileName: `f${at}`,
      metadata: '{}',
    }))
    await seedFiles('p', files)
    const order = (some: typeof files) =>
      some
        .map(({ version, compositeKey, fileName }) => `${version} ${compositeKey} ${fileName}`)
        .sort()
    const read = async (path: string) =>
      (await documentAt(path)).files.map((f) => `${f.version} ${f.compositeKey} ${f.name}`)
    expect(await read(PACKAGE)).toEqual(order(files))
    const second = files.filter(({ version }) => version === '2')
    expect(await read(`${BASE}/-/version/p/2`)).toEqual(order(second))
    await pointTag('latest', '2')
    expect(await read(`${BASE}/-/tag/p/latest`)).toEqual(order(second))
    const odd = second.filter(({ compositeKey }) => compositeKey === 'odd')
    expect(await read(`${BASE}/-/key/p/2/od`)).toEqual(order(odd))
  })
})
