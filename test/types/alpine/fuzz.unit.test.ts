// The fuzzer's pure half: any package, .PKGINFO or index is either read or refused by one line that
// may be printed; and what is read keeps what the registry promises.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deflatePiece } from '../../../src/formats/compression/deflate-pieces.ts'
import { describePackage, formatIndexEntry } from '../../../src/types/alpine/format/apkindex.ts'
import {
  buildIndexArchive,
  buildSignatureMember,
} from '../../../src/types/alpine/format/index-archive.ts'
import { inspectPackage, packageLimits } from '../../../src/types/alpine/format/package.ts'
import { parsePackageInfo } from '../../../src/types/alpine/format/pkginfo.ts'
import { attempt } from '../../fuzz/attempt.ts'
import { findFaults } from '../../fuzz/oracle.ts'
import { infoBytes, packageBytes } from '../../fuzz/packages.ts'
import { fuzz, fuzzTimeout } from '../../fuzz/settings.ts'
import { text } from '../../fuzz/texts.ts'
import { chunked } from '../../unit/formats/streams.ts'
import { parseIndex, readWholeIndex } from './read-index.ts'

test('packages', { timeout: fuzzTimeout }, async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 4 })
  const limits = { ...packageLimits, maxUnpacked: 64 * 1024 * 1024 }
  const counts = { taken: 0 }
  const property = fc.asyncProperty(packageBytes, sizes, async (bytes, split) => {
    const inspected = await attempt(() => inspectPackage(chunked(bytes, split), limits))
    if (inspected === undefined) return
    counts.taken += 1
    expect(findFaults(bytes)).toEqual([])
    const entry = describePackage(inspected)
    const listed = await attempt(() => formatIndexEntry(entry))
    if (listed === undefined) return
    expect(listed).toMatch(/^(?:[A-Za-z]:[^\n]*\n)+\n$/)
    expect(parseIndex(listed)).toHaveLength(1)
    expect(formatIndexEntry(parseIndex(listed)[0] ?? entry)).toBe(listed)
  })
  await fuzz('packages', property, 3500, () => counts)
  expect(counts.taken).toBeGreaterThan(0)
})

test('.PKGINFO', { timeout: fuzzTimeout }, async () => {
  const property = fc.asyncProperty(infoBytes, async (bytes) => {
    const info = await attempt(() => parsePackageInfo(bytes))
    if (info !== undefined) expect(`${info.name}-${info.version}`).toMatch(/^[\w.+~-]{1,100}$/)
  })
  await fuzz('.PKGINFO', property, 14_000)
})

test('indexes', { timeout: fuzzTimeout }, async () => {
  const lines = fc.array(fc.tuple(fc.constantFrom(...'CPVASITULomtckDpi', 'x', ''), text), {
    maxLength: 12,
  })
  const edit = fc.tuple(fc.nat(), fc.nat(255))
  const property = fc.asyncProperty(lines, fc.array(edit, { maxLength: 3 }), async (all, edits) => {
    const content = all.map(([letter, value]) => `${letter}:${value}\n`).join('')
    const entries = await attempt(() => parseIndex(content))
    for (const each of entries ?? []) await attempt(() => formatIndexEntry(each))
    const piece = deflatePiece(new TextEncoder().encode(content))
    const signatures = [
      { algorithm: 'RSA256', keyName: 'a.rsa.pub', signature: Uint8Array.of(1) },
    ] as const
    const archive = Buffer.concat([
      buildSignatureMember(signatures),
      ...buildIndexArchive([piece], 'd').parts,
    ])
    for (const [at, byte] of edits) archive[at % archive.length] = byte
    const read = await attempt(() => readWholeIndex(archive, { maxUnpacked: 1024 * 1024 }))
    if (edits.length === 0 && content.isWellFormed()) expect(read?.text).toBe(content)
  })
  await fuzz('indexes', property, 6000)
})
