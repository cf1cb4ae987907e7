import { expect, it, vi } from 'vitest'
import { clearOverrides } from '../support/worker/bindings.ts'
import { answerOf, createOwner } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { countRowsRead } from '../support/worker/rows-read.ts'
import { seedMany } from '../support/worker/seed-many.ts'
import { samples } from '../types/samples.ts'

// Pages far within a list, by their numbers: they are found from entries that the edge knows.

const PACKAGES = 1300
const NAME = /"name":"(seed-\d+)"/g

/** With how many pages they have, and what an entry looks like. */
const LISTS: readonly (readonly [path: string, pages: number, entry: RegExp])[] = [
  ['/api/v1/packages/acme?type=npm&limit=90', 15, NAME],
  ['/api/v1/packages/acme?type=alpine&repository=edge/main&limit=90', 15, NAME],
  ['/acme?type=npm', 44, /\/npm\/(seed-\d+)/g],
  ['/acme?type=alpine&repository=edge/main', 44, /\/alpine\/(seed-\d+)/g],
  ['/api/packages/acme/cargo/api/v1/crates?per_page=90', 15, NAME],
  ['/acme?', 174, /\/-\/packages\/(\w+\/seed-\d+)/g],
]

async function read(path: string) {
  const seen = countRowsRead()
  const { status, text } = await answerOf(path)
  clearOverrides()
  expect([path, status]).toEqual([path, 200])
  return { text, rows: seen.rows }
}

// One test: a reset while an entry is put lets the cache pause.
it('have what follows the page before them, and pass over few entries of those before', async () => {
  await createOwner()
  for (const sample of samples) await answerTo(sample.publish(sample.first))
  await seedMany(0, PACKAGES)
  for (const [path, pages, entry] of LISTS) {
    const found: string[] = []
    const rows: number[] = []
    for (let page = 1; page <= pages; page++) {
      const answer = await read(`${path}&page=${page}`)
      found.push(...new Set([...answer.text.matchAll(entry)].map(([, name = '']) => name)))
      rows.push(answer.rows)
    }
    const packages = path === '/acme?' ? PACKAGES * samples.length : PACKAGES
    expect([path, found.length, new Set(found).size]).toEqual([path, packages, packages])
    expect([path, found]).toEqual([
      path,
      path.startsWith('/api/v1') ? found : found.toSorted(byName),
    ])
    // The entries of a page are some 10 rows each.
    expect([path, Math.max(...rows.slice(-5))]).toEqual([path, expect.toSatisfy(few)])
  }
  const far = LISTS[0]?.[0] ?? ''
  const namesOf = async (page: number) =>
    [...(await read(`${far}&page=${page}`)).text.matchAll(NAME)].map(([, name]) => name)
  const before = await namesOf(10)
  await vi.waitFor(async () => expect((await read(`${far}&page=10`)).rows).toBeLessThan(100))
  const npm = samples.find(({ type }) => type === 'npm') ?? expect.fail('no npm')
  expect((await answerTo(npm.publish(npm.named('newest')))).status).toBeLessThan(300)
  expect((await namesOf(10)).slice(1)).toEqual(before.slice(0, -1))
}, 120_000)

const few = (rows: number) => rows < 1500

/** A page of all types has packages of one name by their types. */
function byName(one: string, other: string): number {
  const [a, b] = [one, other].map((each) => each.split('/').reverse().join(' '))
  return (a ?? '') < (b ?? '') ? -1 : 1
}
