import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

// SECURITY.md names the tests that hold its claims.

it('every test that SECURITY.md names is there', () => {
  const page = readFileSync('SECURITY.md', 'utf8')
  const named = [...page.matchAll(/`(test\/[\w./-]+\.ts)`/g)].map(([, file = '']) => file)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((file) => !existsSync(file))).toEqual([])
})
