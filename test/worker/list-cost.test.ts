import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { listingReader, type Reader } from '../../src/core/packages/reader.ts'
import { searchPackages } from '../../src/core/packages/search.ts'
import { createOwner } from '../support/worker/registry.ts'
import { seedRepository } from '../types/alpine/seed.ts'

// What the lists of the API and of the pages cost.

beforeEach(async () => {
  await createOwner()
  await createOwner('other')
})

async function ownerId(name = 'acme'): Promise<string> {
  return String(await env.DB.prepare('SELECT id FROM owner WHERE name = ?').bind(name).first('id'))
}

describe('the cost of a list', () => {
  /** Reads as the database does, and notes each statement with the rows it read. */
  function counted(): { reader: Reader; batches: { sql: string; rowsRead: number }[][] } {
    const batches: { sql: string; rowsRead: number }[][] = []
    const sqls = new Map<D1PreparedStatement, string>()
    const session = listingReader(env.DB, 'public')
    const reader: Reader = {
      prepare: (sql) => {
        const statement = session.prepare(sql)
        const bind: D1PreparedStatement['bind'] = (...values) => {
          const bound = statement.bind(...values)
          sqls.set(bound, sql)
          return bound
        }
        return new Proxy(statement, {
          get: (target, name) => (name === 'bind' ? bind : Reflect.get(target, name)),
        })
      },
      batch: async <T>(statements: D1PreparedStatement[]) => {
        const results = await session.batch<T>(statements)
        batches.push(
          results.map((result, at) => ({
            sql: sqls.get(statements[at] as D1PreparedStatement) ?? '',
            rowsRead: result.meta.rows_read ?? Number.NaN,
          })),
        )
        return results
      },
    }
    return { reader, batches }
  }

  /** The steps of a plan that read more than the rows of a page. */
  async function growingSteps(sql: string): Promise<string[]> {
    const count = Math.max(...[...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number)))
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...Array.from({ length: count }, () => '1'))
      .all<{ detail: string }>()
    return results
      .map(({ detail }) => detail)
      .filter((detail) =>
        /^SCAN (?!x$|d$|\(|CONSTANT)|\(owner_id=\?|repository_id=\?\)/.test(detail),
      )
  }

  const NAMES = /^SEARCH p USING COVERING INDEX package_(name|listing) \(owner_id=\?/
  const FILES = /^SEARCH f USING INDEX package_file_listing \(repository_id=\?\)/

  const REPOSITORIES = /^SEARCH r USING INDEX repository_name \(owner_id=\?\)/

  // The rows that each further package of one version and one file costs, as D1 counts: also those of
  // a sorter, and each of both statements.
  it.each([
    ['of names', { sort: 'name' }, [NAMES], 1.1],
    ['of the newest', { sort: 'newest' }, [NAMES], 5.1],
    ['of a text', { sort: 'name', text: 'seed-0001' }, [NAMES], 2.1],
    ['of a type', { sort: 'name', type: 'alpine' }, [NAMES], 1.1],
    [
      'of a repository',
      { sort: 'name', repository: 'edge/main' },
      [NAMES, FILES, REPOSITORIES],
      7.1,
    ],
  ] as const)('%s is two statements on covering indexes', async (_, options, allowed, slope) => {
    const read: number[] = []
    for (const size of [300, 900]) {
      // The same packages and more; their files have to differ.
      await env.DB.prepare('DELETE FROM package_file').run()
      await seedRepository(size, size === 300 ? 'x86_64' : 'aarch64')
      const { reader, batches } = counted()
      const page = { limit: 10, offset: 0 }
      await searchPackages(reader, { ownerId: await ownerId(), page, ...options })
      expect(batches.map((batch) => batch.length)).toEqual([2])
      for (const { sql } of batches.flat()) {
        const steps = await growingSteps(sql)
        expect(steps.filter((step) => !allowed.some((each) => each.test(step)))).toEqual([])
      }
      read.push(batches.flat().reduce((sum, { rowsRead }) => sum + rowsRead, 0))
    }
    const [few = 0, many = 0] = read
    expect(few).toBeGreaterThan(0)
    expect((many - few) / 600).toBeLessThanOrEqual(slope)
  })
})
