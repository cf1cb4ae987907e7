import { expect, test } from 'vitest'
import { formatPlatform } from '../../../src/types/cargo/format/platform.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'

test.each([
  ['x86_64-unknown-linux-gnu'],
  ['thumbv7em-none-eabi.json'],
  ['cfg(unix)'],
  ['cfg(target_os = "linux")'],
  ['cfg(target_os="linux")', 'cfg(target_os = "linux")'],
  ['cfg(any(unix,windows))', 'cfg(any(unix, windows))'],
  ['cfg( all( unix , not( target_env = "m u" ), ) )', 'cfg(all(unix, not(target_env = "m u")))'],
  ['cfg(any())'],
  ['cfg(true)'],
  ['cfg(r#true)'],
  ['cfg(all)x', undefined],
  ['cfg(all = "x")', undefined],
  ['cfg()', undefined],
  ['cfg(unix windows)', undefined],
  ['cfg(any(unix windows))', undefined],
  ['cfg(any(,))', undefined],
  ['cfg(not())', undefined],
  ['cfg(not(a, b))', undefined],
  ['cfg(a = b)', undefined],
  ['cfg(a = "b)', undefined],
  ['cfg("a")', undefined],
  ['cfg(a-b)', undefined],
  ['cfg(a\n)', undefined],
  ['cfg(a = "\ud800")', undefined],
  ['cfg(a = "\u0000")', undefined],
  [`cfg(${'not('.repeat(500)}a${')'.repeat(500)})`, undefined],
  ['cfg(unix', undefined],
  ['unix)', undefined],
  ['', undefined],
  ['a b', undefined],
  ['../x', undefined],
] as const)('%j', async (text, ...expected) => {
  const shown = expected.length === 0 ? text : expected[0]
  if (shown !== undefined) return expect(formatPlatform(text, 'target')).toBe(shown)
  const message = /^target is ".*", which is no platform that cargo reads: use a target triple/
  return expectRefusal(() => formatPlatform(text, 'target'), 'invalid-field', message)
})
