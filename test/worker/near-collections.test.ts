// What places remember of files of no repository: whatever draws the state of their collection writes its list, too.
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  MOST_LENGTH,
  MOST_REMOVED,
  prependCommit,
  shortId,
} from '../../src/core/near/recent-commits.ts'
import { changeCollection } from '../../src/core/packages/state.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ask } from '../support/worker/near/asking.ts'
import { TestClock } from '../support/worker/near/clock.ts'
import { ADMIN, answerOf, countRows, createOwner, tokenOf } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { SETS } from '../support/worker/stand-ins/sets-sample.ts'
import { cargo } from '../types/cargo/sample.ts'
import { npm } from '../types/npm/sample.ts'

const BOUND_MS = 1000
/** With what clocks differ by. */
const REST_MS = BOUND_MS + 5000
const GENERIC = '/api/packages/acme/generic'
const FILE = `${GENERIC}/tool/1/file`

let clock: TestClock

beforeEach(async () => {
  clock = new TestClock()
  // What the test before left in memory counts no more.
  clock.pass(BOUND_MS + 50)
  override({ REMEMBER_SECONDS: BOUND_MS / 1000 })
  await createOwner()
})

afterEach(() => clock[Symbol.dispose]())

const get = (path = FILE) => ask(clock, path)
const put = (content: string, path = FILE, headers = ADMIN) =>
  answerOf(path, { method: 'PUT', headers, body: content })
const remove = (path = FILE) => answerOf(path, { method: 'DELETE', headers: ADMIN })

interface Collection {
  state: string
  recent: string
}
const collection = () =>
  env.DB.prepare('SELECT state, recent FROM package_collection').first<Collection>()
const ids = async () => {
  const { results } = await env.DB.prepare('SELECT id FROM package_file').all<{ id: string }>()
  return results.map(({ id }) => shortId(id))
}
/** Triggers have the database's own clock, which no test moves. */
const restNow = () =>
  env.DB.prepare("UPDATE resting_name SET removed_at = ? WHERE name = ''").bind(clock.now).run()

/** How long it took, in milliseconds of the test's clock. */
async function time(run: () => Promise<{ status: number }>) {
  const started = clock.now
  const { status } = await run()
  return { status, waited: clock.now - started }
}

describe('the list of the last commits', () => {
  it('begins with the state, behind which the removed files come, and grows with each change', async () => {
    await put('one')
    const first = await collection()
    expect(first?.recent).toBe(`h${shortId(first?.state ?? '')}`)
    const [id] = await ids()
    await put('two', `${GENERIC}/tool/1/other`)
    const second = await collection()
    expect(second?.recent).toBe(`h${shortId(second?.state ?? '')}${first?.recent}`)
    await remove()
    const third = await collection()
    expect(third?.recent).toBe(`h${shortId(third?.state ?? '')}r${id}${second?.recent}`)
    await expectConsistent()
  })

  it('grows with marks and tags, of which no answer depends', async () => {
    for (const sample of [npm, cargo]) {
      await answerTo(sample.publish(sample.first))
      await get(sample.first.path)
    }
    const lists = () => env.DB.prepare('SELECT sum(length(recent)) AS n FROM package_collection')
    const before = await lists().first<number>('n')
    const tagged = await answerOf('/api/packages/acme/npm/-/package/hello-world/dist-tags/beta', {
      ...{ method: 'PUT', headers: ADMIN, body: '"1.0.0"' },
    })
    const yanked = await answerOf('/api/packages/acme/cargo/api/v1/crates/hello/1.0.0/yank', {
      ...{ method: 'DELETE', headers: ADMIN },
    })
    expect([tagged.status, yanked.status]).toEqual([200, 200])
    expect(await lists().first('n')).toBe((before ?? 0) + 2 * 13)
    for (const { first } of [npm, cargo]) {
      expect(await get(first.path)).toMatchObject({ status: 200, near: true })
    }
    await expectConsistent()
  })

  it('is cut where it is too long, and a name is noted again before it leaves it', async () => {
    await put('one')
    await get()
    const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first('id'))
    const change = async (times: number) => {
      const [sql, ...values] = changeCollection({ ownerId, type: 'generic' }, clock.now)
      const statement = env.DB.prepare(sql).bind(...values)
      await env.DB.batch(Array.from({ length: times }, () => statement))
    }
    /** Another file tells the place of the commits, and a clock that goes on has it asked. */
    const learn = async () => {
      clock.pass(BOUND_MS + 50)
      expect(await get(`${GENERIC}/tool/1/absent`)).toMatchObject({ status: 404 })
    }
    const commits = MOST_LENGTH / 13
    await change(commits - 10)
    await learn()
    // In the older half: answered, and noted as of the newest commit.
    expect(await get()).toMatchObject({ near: true, statements: 0 })
    await change(100)
    await learn()
    expect(await get()).toMatchObject({ near: true, statements: 0 })
    await change(commits)
    const { state, recent } = (await collection()) ?? { state: '', recent: '' }
    expect(recent).toHaveLength(MOST_LENGTH)
    expect(recent.slice(0, 13)).toBe(`h${shortId(state)}`)
    expect(recent).toMatch(/^(h[0-9a-f]{12})+$/)
    await learn()
    expect(await get()).toMatchObject({ status: 200, near: false, statements: 1 })
    expect(await get()).toMatchObject({ status: 200, near: true })
  })

  it('is what a repository would have of the same commits', async () => {
    await put('one')
    const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first('id'))
    let expected = (await collection())?.recent ?? ''
    let before = (await collection())?.state ?? ''
    for (const count of [0, 1, 3, MOST_REMOVED, 0, MOST_REMOVED + 1, 2, ...Array(12).fill(50), 0]) {
      const removed = Array.from({ length: count }, () => crypto.randomUUID())
      const [sql, ...values] = changeCollection({ ownerId, type: 'generic' }, clock.now, removed)
      await env.DB.prepare(sql)
        .bind(...values)
        .run()
      const { state, recent } = (await collection()) ?? { state: '', recent: '' }
      expected = prependCommit({ head: before, recent: expected }, state, removed)
      expect(recent).toBe(expected)
      before = state
    }
    expect(expected.length).toBe(MOST_LENGTH)
  })
})

describe('what draws a state without a list', () => {
  /** As code of before did. */
  const changeAsBefore = async () => {
    await env.DB.prepare(
      'UPDATE package_collection SET state = lower(hex(randomblob(16))), changes = changes + 1',
    ).run()
    await restNow()
  }

  it('makes every publish wait once, also of bytes that a name had', async () => {
    await put('one')
    await remove()
    await changeAsBefore()
    const { status, waited } = await time(() => put('one'))
    expect(status).toBe(201)
    expect(waited).toBeGreaterThanOrEqual(REST_MS - 50)
    const next = await time(() => put('two', `${GENERIC}/tool/2/file`))
    expect(next.status).toBe(201)
    expect(next.waited).toBeLessThan(REST_MS / 2)
    await expectConsistent()
  })

  it('has what places remember from before asked for again', async () => {
    await put('one')
    await get()
    await changeAsBefore()
    clock.pass(BOUND_MS + 50)
    await get(`${GENERIC}/tool/1/absent`)
    expect(await get()).toMatchObject({ status: 200, near: false, statements: 1 })
    expect(await get()).toMatchObject({ status: 200, near: true, statements: 0 })
  })

  it('is a repair or a restore, too', async () => {
    await put('one')
    await env.DB.prepare('DELETE FROM package_collection').run()
    const check = await answerOf('/api/v1/deployment/check', { method: 'POST', headers: ADMIN })
    expect(check.status).toBe(200)
    await restNow()
    const { status, waited } = await time(() => put('two', `${GENERIC}/tool/2/file`))
    expect(status).toBe(201)
    expect(waited).toBeGreaterThanOrEqual(REST_MS - 50)
    await expectConsistent()
  })
})

describe('a publish while its name rests', () => {
  beforeEach(async () => {
    await put('one')
    expect((await remove()).status).toBe(204)
  })

  it('waits, and another name does not, nor the same name of another version', async () => {
    const others = [`${GENERIC}/tool/1/other`, `${GENERIC}/tool/2/file`, `${GENERIC}/other/1/file`]
    for (const path of others) {
      expect((await time(() => put('two', path))).waited).toBeLessThan(REST_MS / 2)
    }
    const { status, waited } = await time(() => put('two'))
    expect(status).toBe(201)
    expect(waited).toBeGreaterThan(REST_MS / 2)
    expect((await get()).bytes).toEqual(new TextEncoder().encode('two'))
    await expectConsistent()
  })

  it('is refused where it would be refused anyway, without a wait', async () => {
    override({ OWNER_FILES: 0 })
    const { status, waited } = await time(() => put('two'))
    expect(status).toBe(413)
    expect(waited).toBeLessThan(REST_MS / 2)
  })

  it('is refused when others remove the name again and again, and stores nothing', async () => {
    const wait = vi.mocked(scheduler.wait).getMockImplementation()
    vi.mocked(scheduler.wait).mockImplementation(async (milliseconds) => {
      await wait?.(milliseconds)
      await env.DB.prepare('UPDATE resting_name SET removed_at = ?').bind(clock.now).run()
    })
    const { status, text } = await put('two')
    expect([status, text]).toEqual([503, expect.stringMatching(/again and again: try again$/)])
    expect((await countRows()).package_file).toBe(0)
    await expectConsistent()
  })

  it('is refused when its token ends meanwhile', async () => {
    const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
    const wait = vi.mocked(scheduler.wait).getMockImplementation()
    vi.mocked(scheduler.wait).mockImplementation(async (milliseconds) => {
      const path = `/api/v1/owners/acme/tokens/${id}`
      expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
      await wait?.(milliseconds)
    })
    expect(await put('two', FILE, headers)).toMatchObject({
      status: 401,
      text: expect.stringMatching(/was revoked, or has expired, before the change was made/),
    })
    expect((await countRows()).package_file).toBe(0)
    await expectConsistent()
  })

  it('is not told that it was refused where its first answer was lost', async () => {
    let batches = 0
    const batch: D1Database['batch'] = async (statements) => {
      // Those of a publish are many; the first is lost on its way.
      if (statements.length > 5 && batches++ === 0) throw new Error('the answer was lost')
      return (await env.DB.batch(statements)) as never
    }
    override({ DB: wrapMethod(env.DB, 'batch', batch) })
    expect(await put('two')).toMatchObject({
      status: 503,
      text: expect.stringMatching(/may or may not/),
    })
    expect(batches).toBeGreaterThan(1)
  })
})

it('several files of one version wait for the name of one of them', async () => {
  const path = `${SETS}/tool/1`
  expect((await put('one', path)).status).toBe(201)
  expect((await remove(`${path}/main`)).status).toBe(204)
  expect((await remove(`${path}/main.sha256`)).status).toBe(204)
  // The second file is there with the same bytes: it stays.
  const same = await time(() => put('one', `${path}/same`))
  expect(same).toMatchObject({ status: 201 })
  expect(same.waited).toBeLessThan(REST_MS / 2)
  expect((await remove(path)).status).toBe(204)
  const { status, waited } = await time(() => put('two', path))
  expect(status).toBe(201)
  expect(waited).toBeGreaterThanOrEqual(REST_MS / 2)
  await expectConsistent()
})

it('a document tells the place of the commits: an install asks for it, and for no tarball', async () => {
  const documents = [
    [npm, '/api/packages/acme/npm/hello-world'],
    [npm, '/api/packages/acme/npm/hello-world/1.0.0'],
    [cargo, '/api/packages/acme/cargo/he/ll/hello'],
  ] as const
  for (const { publish, first } of [npm, cargo]) {
    await answerTo(publish(first))
    await get(first.path)
  }
  for (const [{ first }, path] of documents) {
    clock.pass(BOUND_MS + 50)
    expect(await get(path)).toMatchObject({ status: 200, near: false })
    expect(await get(first.path)).toMatchObject({ status: 200, near: true, statements: 0 })
  }
})

it('a file is known by what its names are found by, however a path writes them', async () => {
  await put('one')
  await get()
  expect(await get(`${GENERIC}/TOOL/1/File`)).toMatchObject({ near: true })
  await answerTo(npm.publish(npm.first))
  await get(npm.first.path)
  const versioned = npm.first.path.replace('/-/', '/-/1.0.0/')
  expect(await get(versioned)).toMatchObject({ status: 200, near: true })
})
