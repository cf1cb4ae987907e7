// Text that has broken readers before, and text at random.
import fc from 'fast-check'

const known = [
  ...['', ' ', '  ', '.', '..', '../x', '/x', './x', 'a/../b', 'a//b', '.PKGINFO', '.SIGN.RSA.x'],
  ...[
    '\0',
    'a\0b',
    '\n',
    '\r',
    'a\rb',
    '\t',
    '\u001b[2J',
    '\u007f',
    '\u0085',
    '\u009b1m',
    '\u2028',
  ],
  ...['\u202e', '\u200d', '\ufeff', '\ud800', '💥', 'é', 'e\u0301', '\u{10ffff}', 'İ', 'ß'],
  ...[
    '0',
    '-1',
    '1e9',
    '1e308',
    '0x10',
    '4294967296',
    '9007199254740993',
    '99999999999999999999',
    'NaN',
  ],
  ...['1.0-r0', '1.0', '1.0_rc1', '1.0-rc1', '1~ab-r0', 'v1', '1.0-SNAPSHOT', '1'.repeat(120)],
  ...['a>=1', 'a >= 1', '!a', 'a@b', 'so:x.so.1=1', 'a><Q1', '><', '=', 'a=', 'a,b', '/bin/sh'],
  ...['x86_64', 'noarch', 'amd64', 'X86_64', '__proto__', 'constructor', 'toString', '%00', '%zz'],
  ...['a'.repeat(5000), '../'.repeat(300), 'a/'.repeat(300), ' '.repeat(3000), '語'.repeat(400)],
]

export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...known) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...known), fc.constantFrom(...known)).map(join),
  },
)

export const number: fc.Arbitrary<string> = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.nat(100).map(String),
  text,
)

function join(parts: readonly string[]): string {
  return parts.join('')
}
