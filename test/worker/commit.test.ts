import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { interceptCommits, wrapCommits } from '../support/worker/commits.ts'
import { countRows, createOwner, listKeys, send } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'
import { apk, fileOf, namesInIndex } from '../types/alpine/soundness.ts'

beforeEach(() => createOwner())

const head = () =>
  env.DB.prepare('SELECT head, revision FROM repository').first<{
    head: string
    revision: number
  }>()

/** What another instance of the object would do in between: a commit of its own. */
const overtake = () =>
  env.DB.prepare("UPDATE repository SET head = 'overtaken', revision = revision + 1").run()

describe('many publishes at once', () => {
  it('all succeed, and each is in the index from its 201 on', async () => {
    let commits = 0
    interceptCommits((run) => {
      commits++
      return run()
    })
    const names = Array.from({ length: 100 }, (_, at) => `package${at}`)
    await Promise.all(
      names.map(async (name) => {
        const { status, text } = await put(apk(name))
        expect(`${status} ${text}`).toMatch(/^201 /)
        expect(await namesInIndex()).toContain(name)
      }),
    )
    expect(await namesInIndex()).toEqual(names.sort())
    expect(await countRows()).toMatchObject({ package_file: 100, package_blob: 100, repository: 1 })
    // Group commit: they share far fewer commits than there are publishes.
    expect(commits).toBeLessThan(30)
    expect((await head())?.revision).toBe(commits)
  })

  it('of one file let one win, and tell the others', async () => {
    const different = Array.from({ length: 10 }, (_, at) =>
      buildApk({ name: 'hello', version: '1-r0', info: { pkgdesc: `number ${at}` } }),
    )
    const answers = await Promise.all(different.map((bytes) => put(bytes)))
    const statuses = answers.map((answer) => answer.status).sort()
    expect(statuses).toEqual([201, ...Array.from({ length: 9 }, () => 409)])
    expect(await listKeys('blobs/')).toHaveLength(1)
    const winner = different[answers.findIndex((answer) => answer.status === 201)]
    const served = await send(fileOf('hello'))
    expect(new Uint8Array(await served.arrayBuffer())).toEqual(winner)
  })

  it('of the same bytes store them once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(apk('hello'))))
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1)
    expect(answers.filter((answer) => answer.text.includes('same bytes'))).toHaveLength(9)
    expect(await listKeys('blobs/')).toHaveLength(1)
  })

  it('into several repositories of one owner share its package rows', async () => {
    const places = Array.from({ length: 8 }, (_, at) => `/api/packages/acme/alpine/edge/r${at}`)
    const answers = await Promise.all(places.map((place) => put(apk('hello'), place)))
    expect(answers.map((answer) => answer.status)).toEqual(places.map(() => 201))
    expect(await countRows()).toMatchObject({
      package: 1,
      package_version: 1,
      package_file: 8,
      package_blob: 1,
    })
    await vi.waitFor(async () => expect(await listKeys('blobs/')).toHaveLength(1))
  })
})

describe('the fence', () => {
  it('lets exactly one of several batches with one base through', async () => {
    await publish({ name: 'base' })
    const base = (await head())?.head ?? ''
    const attempt = (to: string) =>
      env.DB.batch([
        env.DB.prepare(
          'INSERT INTO expectation (ok) SELECT (SELECT head FROM repository) IS ?',
        ).bind(base),
        env.DB.prepare('UPDATE repository SET head = ?').bind(to),
        env.DB.prepare('DELETE FROM expectation'),
      ])
    const ends = await Promise.allSettled(['a', 'b', 'c', 'd'].map(attempt))
    expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1)
    const [lost] = ends.filter((end) => end.status === 'rejected')
    expect(String(lost?.reason)).toMatch(/stale_repository.*SQLITE_CONSTRAINT/)
    expect(await env.DB.prepare('SELECT count(*) AS n FROM expectation').first('n')).toBe(0)
  })

  it('has a commit that was overtaken prepared again, without a trace of the first try', async () => {
    await publish({ name: 'base' })
    let tries = 0
    interceptCommits(async (run) => {
      tries++
      if (tries === 1) await overtake()
      return run()
    })
    const { status, text } = await put(apk('hello'))
    expect(`${status} ${text}`).toMatch(/^201 .*revision 3$/)
    expect(tries).toBe(2)
    expect(await namesInIndex()).toEqual(['base', 'hello'])
    const rows = await env.DB.prepare(
      'SELECT r2_key FROM repository_index UNION ALL SELECT r2_key FROM garbage',
    ).all()
    await vi.waitFor(async () =>
      expect((await listKeys('indexes/')).sort()).toEqual(
        rows.results.map((row) => row.r2_key).sort(),
      ),
    )
  })

  it('has the object give up, and nothing stored, when it is overtaken every time', async () => {
    await publish({ name: 'base' })
    interceptCommits(async (run) => {
      await env.DB.prepare('UPDATE repository SET head = ?').bind(crypto.randomUUID()).run()
      return run()
    })
    const { status, text } = await put(apk('hello'))
    expect(`${status} ${text}`).toMatch(/^503 other changes of this repository kept coming first/)
    override({ DB: env.DB })
    expect(await namesInIndex()).toEqual(['base'])
    await vi.waitFor(async () => expect(await listKeys('blobs/')).toHaveLength(1))
    expect((await put(apk('hello'))).status).toBe(201)
  })

  it('holds for the first commit of a repository', async () => {
    let tries = 0
    interceptCommits(async (run) => {
      tries++
      if (tries === 1) {
        await env.DB.prepare(
          `INSERT INTO repository (id, owner_id, type, name, head, revision, created_at)
           SELECT 'other', id, 'alpine', 'edge/main', 'other', 1, 0 FROM owner`,
        ).run()
      }
      return run()
    })
    expect((await put(apk('hello'))).text).toMatch(/revision 2$/)
    expect(await countRows()).toMatchObject({ repository: 1, package_file: 1 })
  })
})

describe('a batch whose answer is lost', () => {
  const lost = () => Promise.reject(new Error('Network connection lost.'))

  it('counts as committed when it landed', async () => {
    interceptCommits(async (run) => {
      await run()
      return lost()
    })
    const { status, text } = await put(apk('hello'))
    expect(`${status} ${text}`).toMatch(/^201 .*revision 1$/)
    expect(await namesInIndex()).toEqual(['hello'])
  })

  it('is sent again when it did not land', async () => {
    let tries = 0
    interceptCommits((run) => (++tries === 1 ? lost() : run()))
    expect((await put(apk('hello'))).text).toMatch(/revision 1$/)
    expect(tries).toBe(2)
  })

  it('is found by its change when another commit came on top of it', async () => {
    let tries = 0
    interceptCommits(async (run) => {
      tries++
      await run()
      await overtake()
      return lost()
    })
    expect((await put(apk('hello'))).text).toMatch(/^published .*revision 1$/)
    expect(tries).toBe(1)
    // The index files of that commit are still the current ones and must not have been dropped.
    expect(await namesInIndex()).toEqual(['hello'])
  })

  it('and that landed late, after its repetition, changes nothing', async () => {
    const late: (() => Promise<unknown>)[] = []
    interceptCommits((run) => {
      late.push(run)
      return late.length === 1 ? lost() : run()
    })
    expect((await put(apk('hello'))).status).toBe(201)
    const before = await head()
    await expect(late[0]?.()).rejects.toThrow(/stale_repository/)
    expect(await head()).toEqual(before)
  })

  it('is unknown, and nothing is deleted, while nobody can say what became of it', async () => {
    let failing = true
    // Snapshots are answered, commits land, but no answer comes through any more.
    const dead = wrapCommits(env.DB, async (run) => {
      const results = await run()
      return failing ? lost() : results
    })
    override({
      DB: wrapMethod(dead, 'prepare', (sql) => {
        const statement = dead.prepare(sql)
        return failing && sql.startsWith('SELECT id, head') ? unanswered(statement) : statement
      }),
    })
    const { status, text } = await put(apk('hello'))
    expect(`${status} ${text}`).toMatch(
      /^503 the change may or may not have been made: send it again/,
    )
    failing = false
    override({ DB: env.DB })
    const again = await put(apk('hello'), `${MAIN}?if-exists=same`)
    expect([200, 201]).toContain(again.status)
    expect(await namesInIndex()).toEqual(['hello'])
    expect((await send(fileOf('hello'))).status).toBe(200)

    function unanswered(statement: D1PreparedStatement): D1PreparedStatement {
      return wrapMethod(statement, 'bind', (...values: unknown[]) =>
        wrapMethod(statement.bind(...values), 'first', () => lost()),
      )
    }
  })
})

describe('a group with a culprit', () => {
  it('is bisected, so that only the culprit fails', async () => {
    let refusals = 0
    interceptCommits(async (run) => {
      const results = await run().catch((error: unknown) => {
        refusals++
        throw error
      })
      return results
    })
    // A row in the way that the plan cannot know of: the same composite key through another path.
    await publish({ name: 'first' })
    await env.DB.prepare(
      `CREATE TRIGGER culprit BEFORE INSERT ON package_file WHEN NEW.name = 'culprit-1-r0.apk'
       BEGIN SELECT raise(ABORT, 'SQLITE_CONSTRAINT: planted'); END`,
    ).run()
    const names = ['a', 'b', 'culprit', 'c', 'd']
    const answers = await Promise.all(names.map((name) => put(apk(name))))
    await env.DB.prepare('DROP TRIGGER culprit').run()
    expect(answers.map((answer) => answer.status === 201)).toEqual([true, true, false, true, true])
    expect(refusals).toBeGreaterThan(0)
    expect(await namesInIndex()).toEqual(['a', 'b', 'c', 'd', 'first'])
  })
})

it('an owner deleted under a publish refuses it as not found', async () => {
  interceptCommits(async (run) => {
    await env.DB.prepare('DELETE FROM owner').run()
    return run()
  })
  expect(await put(apk('hello'))).toMatchObject({ status: 404, text: 'no owner acme' })
  expect(await countRows()).toMatchObject({ package_file: 0, repository: 0, package_blob: 0 })
  expect(await listKeys('blobs/')).toEqual([])
})
