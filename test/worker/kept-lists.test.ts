import { beforeEach, expect, it, vi } from 'vitest'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { samples } from '../types/samples.ts'

// Answers about lists of a public owner are kept at the edge, and are never older than the lists.

const LISTS = [
  '/api/v1/packages/acme',
  '/api/v1/packages/acme?q=hel&limit=2',
  '/api/v1/packages/acme?type=npm',
  '/api/v1/packages/acme?repository=edge/main',
  '/api/v1/packages/acme/generic/tool',
  '/acme',
  '/acme?sort=newest&q=h',
  '/api/packages/acme/npm/-/v1/search?text=hello',
  '/api/packages/acme/cargo/api/v1/crates?q=hello',
]

async function publishSamples(): Promise<void> {
  for (const sample of samples) {
    const { status } = await answerTo(sample.publish(sample.first))
    expect(status).toBe(sample.statuses.published)
  }
}

/** Without what says when it was asked. */
const bodyOf = async (path: string) => (await answerOf(path)).text.replace(/"time":"[^"]*"/, '')

beforeEach(async () => {
  await createOwner()
  await publishSamples()
})

// One test: a reset while an entry is put lets the cache pause.
it('cost one statement once they are kept', async () => {
  const statements = recordStatements()
  for (const path of LISTS) {
    statements.length = 0
    const first = await bodyOf(path)
    // Of what a text finds page and count are one statement.
    const asked = /[?&](?:q|text)=/.test(path) ? 2 : 3
    expect([path, statements.length]).toEqual([path, asked])
    await vi.waitFor(async () => {
      statements.length = 0
      expect(await bodyOf(path)).toBe(first)
      expect([path, statements.length]).toEqual([path, 1])
    })
    // The page is part of the question.
    const other = path.startsWith('/api/packages/acme/npm') ? 'from=20' : 'page=2'
    expect(await bodyOf(`${path}${path.includes('?') ? '&' : '?'}${other}`)).not.toBe(first)
  }
})

it.each(LISTS)('%s changes with what is published and removed', async (path) => {
  const before = await bodyOf(path)
  await vi.waitFor(async () => expect(await bodyOf(path)).toBe(before))
  for (const { first, remove } of samples) {
    expect((await answerTo(remove(first), ADMIN)).status).toBeLessThan(300)
  }
  const emptied = await answerOf(path)
  expect(emptied.text.replace(/"time":"[^"]*"/, '')).not.toBe(before)
  await createOwner('other')
})

it('nothing of a private owner is kept', async () => {
  await answerOf('/api/v1/owners/acme', {
    method: 'PUT',
    headers: ADMIN,
    body: JSON.stringify({ visibility: 'private' }),
  })
  const statements = recordStatements()
  for (let times = 0; times < 3; times++) {
    expect((await answerOf('/api/v1/packages/acme', { headers: ADMIN })).status).toBe(200)
  }
  expect(statements.length).toBe(9)
})
