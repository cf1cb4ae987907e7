import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkClaims, formatIntegrity, parseClaims } from '../../../src/types/npm/format/digests.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'
import { digest, integrityOf } from './builder.ts'

const bytes = new TextEncoder().encode('a tarball')
const hex = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex')
const digests = { sha1: hex('sha1'), sha256: hex('sha256'), sha512: hex('sha512') }
const sri = (algorithm: string) => `${algorithm}-${digest(algorithm, bytes).toString('base64')}`
const check = (dist: unknown) => checkClaims(parseClaims(dist), digests)

describe('claimed digests', () => {
  it('that are right', () => {
    check(undefined)
    check({})
    check({ integrity: integrityOf(bytes), shasum: hex('sha1'), tarball: 'http://x' })
    check({
      integrity: `${sri('sha1')} ${sri('sha256')}\n${sri('md5')}`,
      shasum: hex('sha1').toUpperCase(),
    })
    check({ integrity: `${sri('sha512')}?foo` })
    // Of a kind that is not computed here.
    check({ integrity: sri('sha384') })
    expect(parseClaims({ integrity: integrityOf(bytes), shasum: hex('sha1') })).toHaveLength(2)
    expect(formatIntegrity(hex('sha512'))).toBe(integrityOf(bytes))
  })

  it('that are wrong', async () => {
    const other = new TextEncoder().encode('another')
    const wrong = [
      { integrity: integrityOf(other) },
      { shasum: digest('sha1', other).toString('hex') },
      { integrity: `${sri('sha512')} sha1-${digest('sha1', other).toString('base64')}` },
      { integrity: integrityOf(bytes), shasum: '0'.repeat(40) },
    ]
    for (const dist of wrong) {
      const message =
        /^dist\.\w+ says sha\d+ \w+ and the tarball has \w+: it was changed or damaged on its way/
      await expectRefusal(() => check(dist), 'invalid-field', message)
    }
  })

  it('that are none', async () => {
    const wrong = [
      ...['x', 'sha512-', 'sha512-abc', 'sha512-aGk=', 'sha1', `${sri('sha1')},`].map(
        (integrity) => ({ integrity }),
      ),
      ...['x', '', '0'.repeat(39), 12, null].map((shasum) => ({ shasum })),
      ...[12, null, []].map((integrity) => ({ integrity })),
      ...['x', null, []],
    ]
    for (const dist of wrong) {
      await expectRefusal(() => check(dist), 'invalid-field', /^dist.* (is|has) .*: (let|make) /)
    }
  })
})
