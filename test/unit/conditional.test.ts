import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNotModified, parseRange } from '../../src/http/conditional.ts'

const HOUR = 60 * 60 * 1000
const now = Date.parse('2026-01-10T12:00:00Z')
const changedAt = Date.parse('2026-01-10T06:00:00.500Z')
const validators = { etag: '"abc"', changedAt }

describe('If-Modified-Since', () => {
  const since = (time: number, clockErrorMs?: number) =>
    isNotModified(
      new Headers({ 'if-modified-since': new Date(time).toUTCString() }),
      { ...validators, clockErrorMs },
      now,
    )

  it.each([
    ['the date that we sent', changedAt, true],
    ['a second earlier', changedAt - 1000, false],
    ['a second later', changedAt + 1000, false],
    ['now', now, false],
    ['in the future', now + 1000, false],
  ])('%s', (_, time, expected) => {
    expect(since(time)).toBe(expected)
  })

  it.each([
    ['well after the change', changedAt + HOUR + 1000, true],
    ['now', now, true],
    ['within the hour after the change', changedAt + HOUR - 1000, false],
    ['the change itself', changedAt, false],
    ['before the change', changedAt - HOUR, false],
    ['in the future', now + 1000, false],
  ])('of a client that sends its own time: %s', (_, time, expected) => {
    expect(since(time, HOUR)).toBe(expected)
  })

  it('that is no date, or beside an If-None-Match, does not count', () => {
    const headers = new Headers({ 'if-modified-since': 'yesterday' })
    expect(isNotModified(headers, validators, now)).toBe(false)
    headers.set('if-modified-since', new Date(changedAt).toUTCString())
    expect(isNotModified(headers, validators, now)).toBe(true)
    headers.set('if-none-match', '"other"')
    expect(isNotModified(headers, validators, now)).toBe(false)
  })
})

describe('Range', () => {
  it('never leaves the file, whatever is asked', () => {
    const number = fc.oneof(
      fc.constant(''),
      fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
      fc.nat(20).map(String),
    )
    fc.assert(
      fc.property(number, number, fc.nat(15), (first, last, size) => {
        const range = parseRange(new Headers({ range: `bytes=${first}-${last}` }), size, validators)
        if (range === undefined || range === 'unsatisfiable') return
        expect(range.offset).toBeGreaterThanOrEqual(0)
        expect(range.length).toBeGreaterThan(0)
        expect(range.offset + range.length).toBeLessThanOrEqual(size)
      }),
      { numRuns: 2000 },
    )
  })
})
