import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { setMarks } from '../../src/core/packages/marks.ts'
import type { ChangedPackage } from '../../src/core/packages/package-change.ts'
import { moveTag } from '../../src/core/packages/tags.ts'
import { limitsOf } from '../../src/env.ts'
import { wrapEnv, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { failCalls, type Moment } from '../support/worker/faults.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'

// What holds for every change of a package that is no publish and no removal: of tags, and of marks.

const GENERIC = '/api/packages/acme/generic/p'
let subject: ChangedPackage

const by = (createdBy = 'admin') => ({ changeId: crypto.randomUUID(), createdBy })
const remove = (version: string) =>
  answerOf(`${GENERIC}/${version}`, { method: 'DELETE', headers: ADMIN })

interface Kind {
  /** To one of `1`, `2` and `3`, which version 1 has to be there for. */
  set(value: string, change?: ReturnType<typeof by>, db?: D1Database): Promise<string>
  read(): Promise<string | null>
  readonly changed: string
}

const tags: Kind = {
  set: (value, change = by(), db = limited()) =>
    moveTag(db, subject, 'a', value, change, limitsOf(env)),
  read: () =>
    env.DB.prepare(
      'SELECT v.version FROM package_tag t JOIN package_version v ON v.id = t.version_id',
    ).first<string>('version'),
  changed: 'moved',
}

const marks: Kind = {
  set: (value, change = by(), db = limited()) => {
    const mark = { version: '1', name: 'note', value, withdraws: value === '2' }
    return setMarks(db, subject, { packageName: 'p', marks: [mark] }, change)
  },
  read: () => env.DB.prepare('SELECT value FROM package_mark').first<string>('value'),
  changed: 'changed',
}

const limited = () => wrapEnv(env, { queries: 0 }).DB

async function readStates(): Promise<string> {
  const sql = 'SELECT state FROM package UNION ALL SELECT state FROM package_collection'
  return JSON.stringify((await env.DB.prepare(sql).all()).results)
}

beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  await createOwner()
  for (const version of ['1', '2', '3']) {
    const path = `${GENERIC}/${version}/x`
    expect((await answerOf(path, { method: 'PUT', headers: ADMIN, body: path })).status).toBe(201)
  }
  const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first<string>('id'))
  subject = { ownerId, type: 'generic', packageName: 'p' }
})

describe.each([
  ['a tag', tags],
  ['a mark', marks],
])('%s', (_, { set, read, changed }) => {
  it('changes with new states of package and collection, or not at all', async () => {
    const before = await readStates()
    expect(await set('1')).toBe(changed)
    const after = await readStates()
    const [one, all] = JSON.parse(after)
    expect(before).not.toContain(one.state)
    expect(before).not.toContain(all.state)
    expect(await set('1')).toBe('unchanged')
    expect(await readStates()).toBe(after)
    expect(await set('2')).toBe(changed)
    expect(await read()).toBe('2')
    await expectConsistent()
  })

  it('is as one of twenty at once left it', async () => {
    const wanted = Array.from({ length: 20 }, (__, at) => String((at % 3) + 1))
    const outcomes = await Promise.all(wanted.map((value) => set(value)))
    expect(outcomes.filter((each) => each !== changed && each !== 'unchanged')).toEqual([])
    const { results } = await env.DB.prepare('SELECT applied FROM package_change ORDER BY id').all<{
      applied: number
    }>()
    expect(results).toHaveLength(20)
    const { changes } = (await env.DB.prepare('SELECT changes FROM package').first<{
      changes: number
    }>()) ?? { changes: 0 }
    // Three publishes made it.
    expect(changes).toBe(3 + outcomes.filter((each) => each === changed).length)
    expect(wanted).toContain(await read())
    await expectConsistent()
  })

  it('is refused for a token that was revoked, or has expired', async () => {
    const ended = await tokenOf('acme', { scopes: ['write'] })
    const expired = await tokenOf('acme', { scopes: ['write'] })
    expect(await set('1', by(ended.id))).toBe(changed)
    await answerOf(`/api/v1/owners/acme/tokens/${ended.id}`, { method: 'DELETE', headers: ADMIN })
    await env.DB.prepare('UPDATE access_token SET expires_at = ?2 WHERE id = ?1')
      .bind(expired.id, Date.now() - 1)
      .run()
    const before = await readStates()
    expect(await set('2', by(ended.id))).toBe('token-ended')
    expect(await set('2', by(expired.id))).toBe('token-ended')
    await env.DB.prepare('UPDATE access_token SET expires_at = ?2 WHERE id = ?1')
      .bind(expired.id, Date.now() + 60_000)
      .run()
    expect([await read(), await readStates()]).toEqual(['1', before])
    expect(await set('2', by(expired.id))).toBe(changed)
  })

  it('of a package or a version that is not there is refused', async () => {
    await remove('1')
    expect(await set('1')).toBe('version-absent')
    subject = { ...subject, packageName: 'q' }
    expect(await tags.set('2')).toBe('package-absent')
    expect(await setMarks(limited(), subject, { packageName: 'q', marks: [] }, by())).toBe(
      'package-absent',
    )
    expect(await read()).toBeNull()
    await expectConsistent()
  })

  // Batch, inquiry, batch, inquiry: each goes well, or fails before or after its effect.
  const moments = [undefined, 'before', 'after'] as const
  const patterns = moments.flatMap((a) =>
    moments.flatMap((b) =>
      moments.flatMap((c) => moments.map((d) => [a, b, c, d] as readonly (Moment | undefined)[])),
    ),
  )

  it('is made once, or not at all, whichever calls of the database fail', async () => {
    await set('3')
    for (const [at, pattern] of patterns.entries()) {
      const value = at % 2 === 0 ? '1' : '2'
      const count = () => env.DB.prepare('SELECT changes FROM package').first<number>('changes')
      const before = Number(await count())
      const change = by()
      const outcome = await set(value, change, failCalls(pattern))
      expect([changed, 'unknown'], String(pattern)).toContain(outcome)
      const made = (await read()) === value
      if (outcome === changed) expect(made, String(pattern)).toBe(true)
      expect(Number(await count()), String(pattern)).toBe(before + Number(made))
      // What is sent again by its author is made by then.
      expect(await set(value, change), String(pattern)).toBe(changed)
      expect([await read(), Number(await count())], String(pattern)).toEqual([value, before + 1])
    }
    await expectConsistent()
  })

  it('whose answer was lost undoes no later change, and none that is sent again does', async () => {
    const change = by()
    const later = async () => expect(await set('2')).toBe(changed)
    expect(await set('1', change, losing('after', later))).toBe(changed)
    expect(await read()).toBe('2')
    const states = await readStates()
    expect(await set('1', change)).toBe(changed)
    expect([await read(), await readStates()]).toEqual(['2', states])
  })

  it('that found nothing to change makes none later either', async () => {
    await set('1')
    const change = by()
    const later = async () => expect(await set('2')).toBe(changed)
    expect(await set('1', change, losing('after', later))).toBe('unchanged')
    expect(await set('1', change)).toBe('unchanged')
    expect(await read()).toBe('2')
  })

  it('whose batch lands late, behind its own repetition and a later change, undoes nothing', async () => {
    await set('1')
    let land = async (): Promise<unknown> => undefined
    let first = true
    const batch: D1Database['batch'] = async (statements) => {
      if (!first) return env.DB.batch(statements)
      first = false
      land = () => env.DB.batch(statements)
      throw new Error('no answer')
    }
    // The repetition finds nothing to change; yet from then on the first batch may not either.
    expect(await set('1', by(), wrapMethod(env.DB, 'batch', batch))).toBe('unchanged')
    expect(await set('2')).toBe(changed)
    await expect(land()).rejects.toThrow(/SQLITE_CONSTRAINT/)
    expect(await read()).toBe('2')
    await expectConsistent()
  })

  it('is unknown when no answer comes, and when what it needs goes meanwhile', async () => {
    const none = Array.from({ length: 20 }, () => 'before' as const)
    expect(await set('1', by(), failCalls(none))).toBe('unknown')
    const gone = async () => {
      await remove('1')
    }
    expect(await set('1', by(), losing('before', gone))).toBe('unknown')
    expect(await read()).toBeNull()
  })

  it('keeps ids for ten minutes, and takes old ones away with each change', async () => {
    const insert = env.DB.prepare(
      'INSERT INTO package_change (change_id, applied, created_at) VALUES (?1, 1, ?2)',
    )
    const minutes = (count: number) => Date.now() - count * 60 * 1000
    await env.DB.batch([
      ...Array.from({ length: 25 }, (__, at) => insert.bind(`old ${at}`, minutes(11))),
      insert.bind('young', minutes(9)),
    ])
    const count = () => env.DB.prepare('SELECT count(*) AS n FROM package_change').first('n')
    const left: unknown[] = []
    for (const value of ['1', '2', '1', '2']) {
      expect(await set(value)).toBe(changed)
      left.push(await count())
    }
    expect(left).toEqual([17, 8, 4, 5])
    const kept = env.DB.prepare("SELECT 1 AS it FROM package_change WHERE change_id = 'young'")
    expect(await kept.first('it')).toBe(1)
  })
})

/** The first batch gets no answer, before or after its effect; `meanwhile` comes in between. */
function losing(moment: Moment, meanwhile: () => Promise<unknown>): D1Database {
  let first = true
  const batch: D1Database['batch'] = async (statements) => {
    if (!first) return env.DB.batch(statements)
    first = false
    if (moment === 'after') await env.DB.batch(statements)
    await meanwhile()
    throw new Error('no answer')
  }
  return wrapMethod(env.DB, 'batch', batch)
}
