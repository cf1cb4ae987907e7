import { describe, expect, test } from 'vitest'
import { isRustVersion, parseCrateVersion } from '../../../src/types/cargo/format/version.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'

test.each([
  ...['0.0.0', '1.0.0-rc.1+build.7', '18446744073709551615.0.0', '1.0.0-99999999999999999999999'],
  `1.0.0-${'a'.repeat(144)}`,
])('%s is a version of a crate', (version) => {
  expect(parseCrateVersion(version, 'vers')).toMatchObject({ patch: '0' })
})

test.each([
  ['1', /^vers is "1": it has to be a version by SemVer 2\.0\.0: 1\.0\.0$/],
  ['1.2', /: 1\.2\.0$/],
  ['v1.0.0', /: 1\.0\.0$/],
  ['01.02.03-a', /: 1\.2\.3-a$/],
  ['1.0.0-01', /such as 1\.0\.0 or 1\.0\.0-rc\.1$/],
  ['latest', /such as 1\.0\.0/],
  ['', /^vers is "": /],
  ['1.0.0\n', /^vers is "1\.0\.0\\u\{a\}": /],
  ['18446744073709551616.0.0', /a number in it is larger than 18446744073709551615$/],
  ['99999999999999999999999.0.0', /larger/],
  [`1.0.0-${'a'.repeat(145)}`, /more than 150 characters, shorten it/],
] as const)('%j is not, and the refusal says what to do', async (version, message) => {
  await expectRefusal(() => parseCrateVersion(version, 'vers'), 'invalid-field', message)
})

describe('a version of Rust', () => {
  test.each(['1', '1.70', '1.70.0', '0.0.0'])('%s', (version) => {
    expect(isRustVersion(version)).toBe(true)
  })
  test.each(['', '1.', '1.70.0.0', '01.70', '^1.70', '1.70-beta', '1.*', '1.70.0+a', ' 1.70'])(
    'not %j',
    (version) => {
      expect(isRustVersion(version)).toBe(false)
    },
  )
})
