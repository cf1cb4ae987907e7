// Input that is small but dear: each of these once took minutes at the size that an upload may have.
// Bounds are of the processor's time, since other tests run meanwhile.
import { expect, test } from 'vitest'
import { ContentListWriter } from '../../../src/formats/content-list.ts'
import { inspectPackage, packageLimits } from '../../../src/types/alpine/format/package.ts'
import { parsePackageInfo } from '../../../src/types/alpine/format/pkginfo.ts'
import { cpuMilliseconds } from '../../support/cpu-time.ts'
import { chunked, expectRefusal } from '../../unit/formats/streams.ts'
import { buildApk, buildApkParts, gzipMember, tarEnd, tarEntry } from './builder.ts'
import { build, inspect, join } from './inspection.ts'

const repeat = (part: Uint8Array, count: number) =>
  join(...Array.from({ length: count }, () => part))

test('spaces inside a long value are passed in one go', () => {
  const line = `pkgdesc = a${' '.repeat(130_000)}b   \n`
  const text = `pkgname = a\npkgver = 1\narch = noarch\ndatahash = ${'ab'.repeat(32)}\n${line.repeat(7)}`
  const started = cpuMilliseconds()
  const { description } = parsePackageInfo(new TextEncoder().encode(text))
  expect(description).toHaveLength(130_002)
  // 40 s with a pattern that looks for spaces at the end.
  expect(cpuMilliseconds() - started).toBeLessThan(2000)
})

test('signatures are bounded, in members of their own and in one', async () => {
  const entry = tarEntry({ name: '.SIGN.RSA.x.rsa.pub', content: 'x' })
  const { bytes } = buildApkParts()
  const refusal = [() => inspect(join(repeat(gzipMember(entry), 17), bytes))] as const
  await expectRefusal(refusal[0], 'too-large', /more than 16 signatures: sign it once/)
  const one = join(gzipMember(repeat(entry, 17)), bytes)
  await expectRefusal(() => inspect(one), 'too-large', /more than 16 signatures/)
  const most = await inspect(join(repeat(gzipMember(entry), 16), bytes))
  expect(most.signatures).toHaveLength(16)
})

test('extended headers are bounded, before an entry and in all', async () => {
  const header = tarEntry({ name: 'x', typeflag: 'g', content: '12 comment=\n' })
  const rawData = join(repeat(header, 9), tarEntry({ name: 'a', typeflag: '5' }), tarEnd)
  await expectRefusal(() => build({ rawData }), 'too-large', /entry 1 of .* more than 8 extended/)

  const large = tarEntry({ name: 'a', typeflag: '5', pax: { comment: 'c'.repeat(131_000) } })
  const entries = Array.from({ length: 257 }, (_, index) => {
    const entry = tarEntry({ name: `d${index}`, typeflag: '5' })
    return join(large.subarray(0, large.length - 512), entry)
  })
  const data = join(...entries, tarEnd)
  await expectRefusal(() => build({ rawData: data }), 'too-large', /33554432 bytes in all: split/)
})

test.each([
  ['folders', 30_000, (name: string) => tarEntry({ name: `${name}/`, typeflag: '5' })],
  ['links', 30_000, (name: string) => tarEntry({ name, typeflag: '2', linkName: 'x' })],
  [
    'links of 4,000 bytes',
    4_000,
    (name: string) => tarEntry({ name, typeflag: '2', linkName: 'xyz0123/'.repeat(500) }),
  ],
])('the list of the files is not much longer than the upload: %s', async (_, count, entryOf) => {
  const entries = Array.from({ length: count }, (_entry, index) => entryOf(`d${index}`))
  const bytes = buildApk({ rawData: join(...entries, tarEnd), info: { size: '1' } })
  const list = new ContentListWriter()
  await inspectPackage(chunked(bytes, 65_536), packageLimits, 0, (entry) => list.add(entry))
  expect(list.finish().length).toBeLessThan(2 * bytes.length)
})

test('records of a pax header are read at megabytes a second', async () => {
  const records = Array.from({ length: 11_900 }, (_, index) => `11 k${10_000 + index}=\n`).join('')
  const header = tarEntry({ name: 'x', typeflag: 'x', content: records })
  const entries = Array.from({ length: 200 }, (_, index) =>
    join(header, tarEntry({ name: `d${index}`, typeflag: '5' })),
  )
  const bytes = buildApk({ rawData: join(...entries, tarEnd), gzip: { level: 1 } })
  const started = cpuMilliseconds()
  await inspect(bytes)
  expect(cpuMilliseconds() - started).toBeLessThan(10_000)
})

test('zeros behind the end of an archive are passed at memory speed', async () => {
  const bytes = buildApk({ rawData: new Uint8Array(200 * 1024 * 1024), gzip: { level: 1 } })
  const started = cpuMilliseconds()
  await inspect(bytes)
  expect(cpuMilliseconds() - started).toBeLessThan(5000)
})
