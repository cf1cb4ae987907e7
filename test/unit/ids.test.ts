import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timeOrderedId } from '../../src/core/ids.ts'

const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const LAST = 2 ** 48 - 1

test('ids are UUIDs of version 7 that begin with their time', () => {
  fc.assert(
    fc.property(fc.nat(LAST), (now) => {
      const id = timeOrderedId(now)
      expect(id).toMatch(VERSION_7)
      expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(now)
    }),
  )
})

test('later ones sort behind earlier ones', () => {
  fc.assert(
    fc.property(fc.nat(LAST - 1), fc.nat(1e9), (now, more) => {
      const later = Math.min(LAST, now + 1 + more)
      expect(timeOrderedId(now) < timeOrderedId(later)).toBe(true)
    }),
  )
})

test('those of one millisecond differ', () => {
  const ids = Array.from({ length: 10_000 }, () => timeOrderedId(1_700_000_000_000))
  expect(new Set(ids).size).toBe(ids.length)
})
