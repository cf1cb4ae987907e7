import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { sweep, UNREFERENCED_MS } from '../../src/core/blobs/sweep.ts'
import { clearOverrides, override, wrapMethod } from '../support/worker/bindings.ts'
import { interceptCommits } from '../support/worker/commits.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  expectNothing,
  listKeys,
  put,
} from '../support/worker/registry.ts'
import { FILES } from '../support/worker/stand-ins/sets.ts'
import { filesOf, findTag, SETS } from '../support/worker/stand-ins/sets-sample.ts'

// Several files of one version that one publish makes, shown by a stand-in.

beforeEach(() => createOwner())

const encode = (text: string) => new TextEncoder().encode(text)
const publish = (text: string, query = '', version = 'tool/1') =>
  put(encode(text), `${SETS}/${version}?${query}`)
const again = (text: string, query = '', version = 'tool/1') =>
  put(encode(text), `${SETS}/${version}/same?${query}`)
const read = async (file: string) => (await answerOf(`${SETS}/tool/1/${file}`)).text
const remove = (path: string) => answerOf(`${SETS}/${path}`, { method: 'DELETE', headers: ADMIN })
const used = () =>
  env.DB.prepare('SELECT files, file_bytes AS bytes FROM owner_usage').first<
    Record<string, number>
  >()
const changes = async () => ({
  ofPackage: await env.DB.prepare('SELECT changes FROM package').first('changes'),
  ofCollection: await env.DB.prepare('SELECT changes FROM package_collection').first('changes'),
})
const silent = () => vi.spyOn(console, 'error').mockImplementation(() => {})
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('a publish of several files', () => {
  it('makes all of them in one change, and its owner has all of them', async () => {
    expect((await publish('hello')).status).toBe(201)
    expect(await filesOf('tool/1')).toEqual(FILES)
    expect([await read('main'), await read('about')]).toEqual(['hello', 'about it'])
    expect(await read('main.sha256')).toBe(sha256('hello'))
    expect(await used()).toEqual({ files: 3, bytes: 5 + 8 + 64 })
    expect(await changes()).toEqual({ ofPackage: 1, ofCollection: 1 })
    expect(await countRows()).toMatchObject({ package_version: 1, package_file: 3 })
    await expectConsistent()
  })

  it.each([
    ['files', { OWNER_FILES: 2 }],
    ['bytes', { OWNER_FILE_BYTES: 76 }],
  ])('is refused where there is no room for the %s of all', async (_, limits) => {
    override(limits)
    expect((await publish('hello')).status).toBe(413)
    await expectNothing()
  })

  it('is refused where one of them is there already, and then none of them comes', async () => {
    expect((await publish('hello', 'part')).status).toBe(201)
    const { status, text } = await publish('hello')
    expect([status, text]).toEqual([409, expect.stringContaining('clashes with other bytes')])
    expect(await filesOf('tool/1')).toEqual(['main', 'about'])
    expect((await publish('hullo', 'part')).status).toBe(409)
    expect((await publish('hello', 'part&about=other')).status).toBe(409)
    const same = await publish('hello', 'part')
    expect([same.status, same.text]).toEqual([409, expect.stringContaining('already published')])
    expect((await publish('hello', 'part&if-exists=same')).status).toBe(200)
    expect(await changes()).toEqual({ ofPackage: 1, ofCollection: 1 })
    await expectConsistent()
    await sweep(env.DB, env.BLOBS, Date.now() + UNREFERENCED_MS + 5 * 60 * 60 * 1000)
    expect(await listKeys('blobs/')).toHaveLength(2)
  })

  it('is refused where what they say of themselves is too long together', async () => {
    expect((await publish('hello', 'padding=450000')).status).toBe(201)
    await remove('tool/1')
    const { status, text } = await publish('hullo', 'padding=600000')
    expect([status, text]).toEqual([400, expect.stringContaining('more than 1500000')])
    expect(await filesOf('tool/1')).toEqual([])
    await expectConsistent()
  })

  it('is refused where the files beside the first are too long', async () => {
    const about = 'x'.repeat(2 * 1024 * 1024)
    const { status, text } = await publish('hello', `about=${about}`)
    expect([status, text]).toEqual([400, expect.stringContaining('more than 2097152')])
    await expectNothing()
  })

  it('leaves nothing stored where one of the files cannot be', async () => {
    silent()
    let puts = 0
    const put: R2Bucket['put'] = (...values) => {
      puts += 1
      if (puts === 3) throw new Error('the store does not answer')
      return Reflect.apply(env.BLOBS.put, env.BLOBS, values)
    }
    override({ BLOBS: wrapMethod(env.BLOBS, 'put', put) })
    expect((await publish('hello')).status).toBe(503)
    expect(puts).toBe(3)
    await expectNothing()
  })

  it('is refused where the version has to be new', async () => {
    expect((await publish('hello', 'new')).status).toBe(201)
    const { status, text } = await publish('hello', 'new')
    expect([status, text]).toEqual([409, expect.stringContaining('exists in')])
    expect((await again('hello', 'new')).status).toBe(201)
    expect((await again('hello', 'new&tag=stable')).status).toBe(201)
    expect(await findTag('stable')).toBe('1')
    expect((await again('hullo', 'new')).status).toBe(409)
  })

  it('takes back what was removed of names that stay taken, and nothing else', async () => {
    silent()
    expect((await publish('hello', 'new&taken')).status).toBe(201)
    expect((await remove('tool/1')).status).toBe(204)
    const { status, text } = await publish('hello', 'new&taken&about=other')
    expect([status, text]).toEqual([409, expect.stringContaining('names stay taken')])
    expect(await filesOf('tool/1')).toEqual([])
    expect((await publish('hello', 'new&taken')).status).toBe(201)
  })

  it('forgets the ids of old changes, so that they do not add up', async () => {
    const old = "INSERT INTO package_change (change_id, applied, created_at) VALUES ('old', 1, 1)"
    await env.DB.exec(old)
    await publish('hello')
    const { results } = await env.DB.prepare('SELECT change_id AS id FROM package_change').all()
    expect(results).toHaveLength(1)
    expect(results).not.toContainEqual({ id: 'old' })
  })

  it('has no more tags than a package may', async () => {
    silent()
    const tags = Array.from({ length: 1001 }, (_, at) => `tag=${at}`).join('&')
    const { status, text } = await publish('hello', tags)
    expect([status, text]).toEqual([400, expect.stringContaining('more than 1000 tags')])
    await expectNothing()
  })
})

describe('a publish that takes what is there', () => {
  it('brings what is missing, and leaves the rest as it is', async () => {
    await publish('hello', 'part')
    const ids = () => env.DB.prepare('SELECT id FROM package_file ORDER BY id').all()
    const { results: before } = await ids()
    expect((await again('hello', 'tag=stable')).status).toBe(201)
    expect(await filesOf('tool/1')).toEqual(FILES)
    expect(await findTag('stable')).toBe('1')
    const { results: after } = await ids()
    expect(after).toHaveLength(3)
    expect(after).toEqual(expect.arrayContaining(before))
    expect(await used()).toEqual({ files: 3, bytes: 5 + 8 + 64 })
    expect(await changes()).toEqual({ ofPackage: 2, ofCollection: 2 })
    await expectConsistent()
  })

  it('needs room for what is missing alone', async () => {
    await publish('hello', 'part')
    override({ OWNER_FILES: 3 })
    expect((await again('hello')).status).toBe(201)
    override({ OWNER_FILES: 4 })
    expect((await again('hello', '', 'tool/2')).status).toBe(413)
    expect(await filesOf('tool/2')).toEqual([])
  })

  it('changes nothing where all is there, but for the tags', async () => {
    await publish('one', '', 'tool/1')
    await publish('two', 'tag=stable', 'tool/2')
    const before = await changes()
    expect((await again('one')).status).toBe(201)
    expect(await changes()).toEqual(before)
    expect((await again('one', 'tag=stable')).status).toBe(201)
    expect(await findTag('stable')).toBe('1')
    expect(await changes()).toEqual({ ofPackage: 3, ofCollection: 3 })
    expect(await used()).toMatchObject({ files: 6 })
    await expectConsistent()
    // What was staged in vain goes at once.
    expect(await listKeys('blobs/')).toHaveLength(5)
    await sweep(env.DB, env.BLOBS, Date.now() + 5 * 60 * 60 * 1000)
    expect(await listKeys('blobs/')).toHaveLength(5)
  })

  it('is refused where one of the files has other bytes, and moves no tag', async () => {
    await publish('hello')
    expect((await again('hello', 'about=other&tag=stable')).status).toBe(409)
    expect((await again('hullo', 'tag=stable')).status).toBe(409)
    expect([await read('about'), await findTag('stable')]).toEqual(['about it', null])
    await expectConsistent()
  })

  it('is one of many at once: of the same bytes all succeed, of others one', async () => {
    silent()
    const same = await Promise.all(Array.from({ length: 8 }, (_, at) => again('one', `tag=t${at}`)))
    expect(same.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201))
    expect(await used()).toMatchObject({ files: 3 })
    const texts = Array.from({ length: 8 }, (_, at) => `content ${at}`)
    const others = await Promise.all(texts.map((text) => again(text, '', 'tool/2')))
    expect(others.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(others.filter(({ status }) => status === 409)).toHaveLength(7)
    expect(await filesOf('tool/2')).toEqual(FILES)
    await expectConsistent()
  })

  it('comes although others remove what it saw', async () => {
    silent()
    await publish('hello', 'part')
    let met = false
    interceptCommits(async (run) => {
      if (met) return run()
      met = true
      override({ DB: env.DB })
      await remove('tool/1/about')
      return run()
    })
    expect((await again('hello')).status).toBe(201)
    clearOverrides()
    expect(await filesOf('tool/1')).toEqual(FILES)
    await expectConsistent()
  })
})

describe('a publish of several files whose answer is lost', () => {
  /** @param meanwhile what others do before the request hears of it */
  function loseAnswer(first: 'lands' | 'is lost', meanwhile: () => Promise<unknown>): void {
    let lost = false
    const intercept = () =>
      interceptCommits(async (run) => {
        if (lost) return run()
        lost = true
        if (first === 'lands') await run()
        override({ DB: env.DB })
        await meanwhile()
        intercept()
        throw new Error('the answer was lost')
      })
    intercept()
  }

  it.each(['lands', 'is lost'] as const)('is there once: the first try %s', async (first) => {
    silent()
    loseAnswer(first, async () => {})
    expect((await publish('hello', 'tag=stable')).status).toBe(201)
    expect(await filesOf('tool/1')).toEqual(FILES)
    expect(await changes()).toEqual({ ofPackage: 1, ofCollection: 1 })
    expect(await used()).toMatchObject({ files: 3 })
    await expectConsistent()
  })

  it('moves no tag back that others moved since', async () => {
    silent()
    await publish('two', '', 'tool/2')
    loseAnswer('lands', () => again('two', 'tag=stable', 'tool/2'))
    expect((await again('one', 'tag=stable')).status).toBe(201)
    expect(await findTag('stable')).toBe('2')
    await expectConsistent()
  })

  it('brings nothing back that was removed since', async () => {
    silent()
    loseAnswer('lands', () => remove('tool/1'))
    expect((await publish('hello')).status).toBe(201)
    expect(await filesOf('tool/1')).toEqual([])
    await expectConsistent()
  })

  it('is not refused for what may be its own first try', async () => {
    silent()
    loseAnswer('is lost', () => publish('hullo'))
    expect((await publish('hello')).status).toBe(503)
    expect(await read('main')).toBe('hullo')
    await expectConsistent()
  })
})
