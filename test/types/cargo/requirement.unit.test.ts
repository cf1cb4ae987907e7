import { expect, test } from 'vitest'
import { formatRequirement } from '../../../src/types/cargo/format/requirement.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'

// What the semver crate says of each, which cargo reads requirements with.
test.each([
  ['*', '*'],
  [' x ', '*'],
  ['1', '^1'],
  ['1.2', '^1.2'],
  ['1.2.3', '^1.2.3'],
  ['^1.2.3-rc.1', '^1.2.3-rc.1'],
  ['1.2.3+build', '^1.2.3'],
  ['=1.2.3-a+b', '=1.2.3-a'],
  ['~1', '~1'],
  ['>= 1.2,<2', '>=1.2, <2'],
  [' >=1.2.3 , <=  2 ', '>=1.2.3, <=2'],
  ['1.*', '1.*'],
  ['1.2.X', '1.2.*'],
  ['1.*.*', '1.*'],
  ['=1.*', '=1'],
  ['>=1.2.*', '>=1.2'],
  ['1.*, <1.5', '1.*, <1.5'],
  ['18446744073709551615', '^18446744073709551615'],
  [Array(32).fill('>0').join(','), Array(32).fill('>0').join(', ')],
])('%j is %j', (text, canonical) => {
  expect(formatRequirement(text, 'version_req')).toBe(canonical)
})

test.each([
  ['', /write "\*" where every version will do/],
  ['  ', /write "\*"/],
  ['1 || 2', /cargo has no "\|\|", write one range/],
  ['1.0.0 - 2.0.0', /two comparators/],
  ['>=1 <2', /join comparators by commas, such as ">=1, <2"/],
  ['1 2', /commas/],
  ['*, 1', /a wildcard stands alone/],
  ['1, *', /a wildcard stands alone/],
  ['1,', /use comparators/],
  [',1', /use comparators/],
  ['1,,2', /use comparators/],
  ['>=*', /use comparators/],
  ['=>1', /use comparators/],
  ['==1', /use comparators/],
  ['^', /use comparators/],
  ['latest', /use comparators/],
  ['v1', /use comparators/],
  ['01', /use comparators/],
  ['1.02', /use comparators/],
  ['1.*.3', /use comparators/],
  ['*.1', /use comparators/],
  ['1.2-a', /use comparators/],
  ['1.2.*-a', /use comparators/],
  ['1.2.3-', /use comparators/],
  ['1.2.3-01', /use comparators/],
  ['1.2.3.4', /use comparators/],
  ['1\t', /use comparators/],
  ['1\n', /use comparators/],
  ['18446744073709551616', /use comparators/],
  [Array(33).fill('1').join(','), /at most 32 comparators/],
  [`1.0.0-${'a'.repeat(3000)}`, /more than 2048 characters/],
] as const)('%j is refused, and why', async (text, message) => {
  await expectRefusal(() => formatRequirement(text, 'version_req'), 'invalid-field', message)
})
