import { expect, it, vi } from 'vitest'
import { answerOf, createOwner } from '../support/worker/registry.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { publish } from '../types/alpine/repository.ts'

const PATHS = [
  '/api/v1/owners/acme/history',
  '/api/v1/owners/acme/history?limit=1',
  '/api/v1/owners/acme/history.atom',
  '/api/v1/owners/acme/repositories/alpine/edge/main/history',
  '/acme/-/history',
  '/acme/-/history/alpine/edge/main',
]

// One test: a reset while an entry is put lets the cache pause.
it('the history of a public owner costs one statement once it is kept, and is as new as the last change', async () => {
  await createOwner()
  await publish({ name: 'hello', version: '1-r0' })
  const statements = recordStatements()
  for (const path of PATHS) {
    statements.length = 0
    const first = (await answerOf(path)).text
    expect(statements.length).toBeLessThanOrEqual(2)
    await vi.waitFor(async () => {
      statements.length = 0
      expect((await answerOf(path)).text).toBe(first)
      expect([path, statements.length]).toEqual([path, 1])
    })
  }
  await publish({ name: 'newer', version: '1-r0' })
  for (const path of PATHS) expect((await answerOf(path)).text).toContain('newer')
})
