import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FormatError, findUnprintable, quote } from '../../../src/formats/format-error.ts'

test('an error carries its code, its field and its cause', () => {
  const cause = new Error('below')
  const error = new FormatError('invalid-field', 'bad', { field: 'pkgver', cause })
  expect(error).toMatchObject({
    name: 'FormatError',
    code: 'invalid-field',
    field: 'pkgver',
    cause,
  })
  expect(new FormatError('corrupt', 'bad').field).toBeUndefined()
})

test.each([
  ['plain', '"plain"'],
  ['a\nb\u001b[31m', String.raw`"a\u{a}b\u{1b}[31m"`],
  ['gpj\u202eexe', String.raw`"gpj\u{202e}exe"`],
  ['zero\u200bwidth\u2028', String.raw`"zero\u{200b}width\u{2028}"`],
  ['half \ud800', String.raw`"half \u{d800}"`],
  ['größe 大', '"größe 大"'],
  ['x'.repeat(80), `"${'x'.repeat(80)}"`],
  ['x'.repeat(81), `"${'x'.repeat(80)}…"`],
  ['😀'.repeat(81), `"${'😀'.repeat(80)}…"`],
])('quotes %j', (value, expected) => {
  expect(quote(value)).toBe(expected)
})

test('a quoted value is one printable line, whatever it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
      expect(findUnprintable(quote(value))).toBeUndefined()
      expect([...quote(value)].length).toBeLessThanOrEqual(80 * 10 + 3)
    }),
  )
})

test.each([
  ['tab\there', 'U+0009'],
  ['c1\u009b31m', 'U+009B'],
  ['\u2066isolate', 'U+2066'],
  ['\ufeffbom', 'U+FEFF'],
  ['zero\u200dwidth joiner', undefined],
  ['größe 大', undefined],
])('finds what must not be printed in %j', (value, expected) => {
  expect(findUnprintable(value)).toBe(expected)
})
