import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  extractRsaPublicKey,
  unwrapRsaPrivateKey,
  wrapRsaPrivateKey,
} from '../../../../src/formats/crypto/der.ts'
import { formatPem, parsePem } from '../../../../src/formats/crypto/pem.ts'
import { FormatError } from '../../../../src/formats/format-error.ts'
import { expectRefusal } from '../streams.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const der8 = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }))
const der1 = new Uint8Array(privateKey.export({ type: 'pkcs1', format: 'der' }))

describe('PEM', () => {
  test.each([
    ['newlines', (text: string) => text],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['literal \\n', (text: string) => text.replaceAll('\n', '\\n')],
    ['literal \\n without the last', (text: string) => text.trim().replaceAll('\n', '\\n')],
    ['blank space around', (text: string) => `\n  ${text}\n\n`],
  ])('with %s', (_name, write) => {
    expect(parsePem(write(pkcs8))).toEqual({ label: 'PRIVATE KEY', bytes: der8 })
    expect(parsePem(write(pkcs1))).toEqual({ label: 'RSA PRIVATE KEY', bytes: der1 })
  })

  test('is written as OpenSSL writes it', () => {
    expect(formatPem(parsePem(pkcs8))).toBe(pkcs8)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        expect(parsePem(formatPem({ label: 'X', bytes }))).toEqual({ label: 'X', bytes })
      }),
    )
  })

  test.each([
    ['nothing', '', 'malformed', /does not begin/],
    ['no dashes', 'hello', 'malformed', /does not begin/],
    ['no end', pkcs8.split('\n').slice(0, -2).join('\n'), 'malformed', /does not end/],
    ['another end', pkcs8.replace('END PRIVATE', 'END PUBLIC'), 'malformed', /END PRIVATE KEY/],
    ['two blocks', pkcs8 + pkcs8, 'malformed', /not base64/],
    ['no body', pkcs8.split('\n').toSpliced(1, 26).join('\n'), 'malformed', /not base64/],
    ['no base64', pkcs8.replace('M', '*'), 'malformed', /not base64/],
    ['a long text', 'x'.repeat(70_000), 'malformed', /longer than/],
    [
      'a passphrase',
      pkcs8.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'),
      'unsupported',
      /passphrase/,
    ],
    [
      'a passphrase, PKCS#1',
      pkcs1.replace('KEY-----\n', 'KEY-----\nProc-Type: 4,ENCRYPTED\n'),
      'unsupported',
      /passphrase/,
    ],
  ] as const)('refuses %s and keeps its content secret', async (_name, text, code, message) => {
    await expectRefusal(() => parsePem(text), code, message)
    const body = pkcs8.split('\n')[1] ?? ''
    expect(() => parsePem(text)).not.toThrow(body)
  })
})

describe('RSA keys', () => {
  test.each([2048, 3072, 4096])(
    'of %i bits in and out of PKCS#8, and their public half',
    (bits) => {
      const pair = generateKeyPairSync('rsa', { modulusLength: bits })
      const one = new Uint8Array(pair.privateKey.export({ type: 'pkcs1', format: 'der' }))
      const eight = new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' }))
      const spki = new Uint8Array(
        createPublicKey(pair.privateKey).export({ type: 'spki', format: 'der' }),
      )
      expect(wrapRsaPrivateKey(one)).toEqual(eight)
      expect(unwrapRsaPrivateKey(eight)).toEqual(one)
      expect(extractRsaPublicKey(one)).toEqual({ spki, bits })
    },
  )

  test('of another kind are refused', async () => {
    const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const der = new Uint8Array(ec.export({ type: 'pkcs8', format: 'der' }))
    await expectRefusal(() => unwrapRsaPrivateKey(der), 'unsupported', /not an RSA key/)
  })

  test('cut or changed: a FormatError or a key, never anything else', () => {
    fc.assert(
      fc.property(fc.nat(der1.length - 1), fc.nat(255), (at, value) => {
        expect(() => unwrapRsaPrivateKey(der8.subarray(0, at))).toThrow(FormatError)
        expect(() => wrapRsaPrivateKey(der1.subarray(0, at))).toThrow(FormatError)
        const changed = der8.slice()
        changed[at] = value
        try {
          extractRsaPublicKey(unwrapRsaPrivateKey(changed))
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }),
    )
    expect(() => wrapRsaPrivateKey(new Uint8Array([...der1, 0]))).toThrow(/goes on after its end/)
    expect(() => wrapRsaPrivateKey(Uint8Array.of(0x30, 0x81, 3, 2, 1, 0))).toThrow(/not minimal/)
    expect(() => wrapRsaPrivateKey(Uint8Array.of(0x30, 0x80))).toThrow(/not sensible/)
  })
})
