import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount, formatDate, formatInstant } from '../../src/web/format.ts'
import { packagePath, packagesPath, repositoryPath } from '../../src/web/paths.ts'

describe('pages write', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1_234_567_890, '1.2 GB'],
    [5e15, '5000 TB'],
  ])('%d bytes as %s', (size, text) => {
    expect(formatBytes(size)).toBe(text)
  })

  it('times in UTC and counts with their word', () => {
    expect(formatDate(0)).toBe('1970-01-01')
    expect(formatInstant(1_700_000_000_000)).toBe('2023-11-14 22:13 UTC')
    expect([formatCount(1, 'package'), formatCount(25_000, 'package')]).toEqual([
      '1 package',
      '25,000 packages',
    ])
  })
})

describe('of any number', () => {
  const numbers = [
    ...[
      8.64e15,
      8.64e15 + 1,
      -8.64e15,
      253_402_300_799_999,
      253_402_300_800_000,
      -62_167_219_200_001,
    ],
    ...[1.7e18, 1e300, -1, 0.5, Number.MAX_SAFE_INTEGER, Number.NaN, Number.POSITIVE_INFINITY],
  ]

  it.each(numbers)('%d, a date is in the calendar or unknown', (at) => {
    expect(formatDate(at)).toMatch(/^(?:\d{4}-\d{2}-\d{2}|unknown)$/)
    expect(formatInstant(at)).toMatch(/^(?:\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC|unknown)$/)
  })

  it.each(numbers)('%d, bytes are positive or unknown', (size) => {
    expect(formatBytes(size)).toMatch(/^(?:[\d.e+]+ (?:bytes?|[kMGT]B)|unknown)$/)
  })

  it('the last day that pages show is in 9999', () => {
    expect(formatInstant(253_402_300_799_999)).toBe('9999-12-31 23:59 UTC')
    expect(formatDate(253_402_300_800_000)).toBe('unknown')
  })
})

describe('the path of', () => {
  it('a package is encoded, but for what a path may hold', () => {
    expect(packagePath('acme', 'alpine', 'g++', '1.0_rc1-r0')).toBe(
      '/acme/-/packages/alpine/g++/1.0_rc1-r0',
    )
    expect(packagePath('acme', 'some', '@scope/name', '1?#%')).toBe(
      '/acme/-/packages/some/@scope%2Fname/1%3F%23%25',
    )
  })

  it('a repository has a segment for each part of its name', () => {
    expect(repositoryPath('acme', 'alpine', 'v3.22/main')).toBe('/acme/-/alpine/v3.22/main')
  })

  it('a search holds what was searched', () => {
    expect(packagesPath('acme', {})).toBe('/acme')
    expect(packagesPath('acme', { q: 'a&b', repository: 'edge/main' })).toBe(
      '/acme?q=a%26b&repository=edge%2Fmain',
    )
  })
})
