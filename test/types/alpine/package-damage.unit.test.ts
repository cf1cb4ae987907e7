import { generateKeyPairSync } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FormatError } from '../../../src/formats/format-error.ts'
import { inspectPackage } from '../../../src/types/alpine/format/package.ts'
import type { InspectedPackage } from '../../../src/types/alpine/format/package-info.ts'
import { chunked } from '../../unit/formats/streams.ts'
import { buildApkParts, gzipMember, tarEnd, tarEntry } from './builder.ts'

const rejections: unknown[] = []
const note = (reason: unknown) => rejections.push(reason)
beforeAll(() => {
  process.on('unhandledRejection', note)
})
afterAll(async () => {
  await new Promise((resolve) => setTimeout(resolve, 50))
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const built = buildApkParts({
  sign: {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    keyName: 'k.rsa.pub',
  },
  scripts: { '.post-install': '#!/bin/sh\n' },
  files: [
    { path: 'usr/bin/hello', content: 'hello' },
    { path: 'usr/bin/link', link: 'hello' },
  ],
})
const whole = await inspectPackage(chunked(built.bytes))

/** What came of it: a package, or a FormatError; anything else fails the test. */
async function attempt(bytes: Uint8Array, sizes?: number[]): Promise<InspectedPackage | undefined> {
  try {
    return await inspectPackage(chunked(bytes, sizes))
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

test('any cut is refused', async () => {
  for (let end = 0; end < built.bytes.length; end += 1) {
    expect(await attempt(built.bytes.subarray(0, end))).toBeUndefined()
  }
})

test('a flipped bit is refused, or changes nothing but what the flip says', async () => {
  const controlStart = built.signature.length
  const dataStart = controlStart + built.control.length
  for (let at = 0; at < built.bytes.length; at += 1) {
    const bytes = built.bytes.slice()
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
    const result = await attempt(bytes)
    if (result === undefined) continue
    // Header fields of gzip (time, system) mean nothing, but the identity covers those of control.
    expect(at).toBeLessThan(dataStart)
    if (at < controlStart) expect(result).toEqual(whole)
    else expect(result).toEqual({ ...whole, identity: expect.not.stringMatching(whole.identity) })
  }
})

test('chunks of any size give the same result', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(sizes, async (split) => {
      expect(await attempt(built.bytes, split)).toEqual(whole)
    }),
    { numRuns: 50 },
  )
})

test('random bytes, bare and inside gzip and tar, are refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 1500 }), async (noise) => {
      expect(await attempt(noise)).toBeUndefined()
      expect(await attempt(Buffer.concat([Uint8Array.of(0x1f, 0x8b, 8, 0), noise]))).toBeUndefined()
      expect(await attempt(gzipMember(noise))).toBeUndefined()
      const control = gzipMember(tarEntry({ name: '.PKGINFO', content: noise }))
      expect(await attempt(Buffer.concat([control, gzipMember(tarEnd)]))).toBeUndefined()
    }),
  )
})

test('data of any files is taken as it was built', async () => {
  const segment = fc.stringMatching(/^[a-z][a-z.]{0,20}$/)
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  const file = fc.record({ path, content: fc.uint8Array({ maxLength: 2000 }) })
  const files = fc.uniqueArray(file, { maxLength: 8, selector: (each) => each.path.split('/')[0] })
  await fc.assert(
    fc.asyncProperty(files, async (list) => {
      const apk = buildApkParts({ files: list, info: { size: null } })
      const result = await attempt(apk.bytes)
      const expected = list.length === 0 ? 0 : Math.max(1, apk.installedSize)
      expect(result).toMatchObject({ identity: apk.identity, installedSize: expected })
    }),
    { numRuns: 40 },
  )
})

test('the control segment is read as it stands, whatever changed within it', async () => {
  const tar = gunzipSync(built.control)
  await fc.assert(
    fc.asyncProperty(fc.nat(tar.length - 1), fc.nat(255), async (at, value) => {
      const changed = Buffer.from(tar)
      changed[at] = value
      const bytes = Buffer.concat([gzipMember(changed), built.data])
      const result = await attempt(bytes)
      if (result !== undefined) expect(result.info.dataHash).toBe(whole.info.dataHash)
    }),
    { numRuns: 300 },
  )
})
