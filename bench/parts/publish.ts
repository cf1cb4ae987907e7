// A publish into repositories of different sizes, one after the other in each round, so that what
// disturbs the machine disturbs all of them; beside each a bare R2 put as long as its index, and
// the real apk's merge.
import { createServerState, type Server, startServer } from '../../test/support/clients/server.ts'
import { ApkFolder, type ApkIndex, findApk } from '../apk-index.ts'
import { startBareServer } from '../bare-server.ts'
import { medianOf, timed } from '../measure.ts'
import type { Options } from '../options.ts'
import { describePackage, freshPackage } from '../packages.ts'
import { bytesOf, expectOk, indexUrl, publish, sizeOf } from '../registry.ts'
import type { Report } from '../report.ts'
import { type SeededRepository, seed } from '../seed.ts'
import { countPublishes } from './publish-counts.ts'
import { reportPeak } from './publish-memory.ts'

const PART = 'publish'
const architectures = ['x86_64', 'aarch64', 'armv7', 'riscv64', 'ppc64le']
/** Above this the files for the real apk, and five architectures of each, take too long to make. */
const PEER_LIMIT = 25_000

/** Five architectures of 25,000 packages are more files than an owner may have without limits of its own. */
const OWNER_LIMITS = { OWNER_FILES: 1_000_000, OWNER_METADATA_BYTES: 4_000_000_000 }

interface Size {
  readonly packages: number
  readonly apk: ApkIndex | undefined
  readonly publishes: number[]
  readonly noarch: number[]
  readonly puts: number[]
  readonly merges: number[]
}

export async function benchPublish(report: Report, options: Options): Promise<void> {
  const apk = await findApk()
  if ('missing' in apk) report.note(`no comparison with apk: ${apk.missing}`)
  await using folder = 'program' in apk ? await ApkFolder.open(apk.program) : undefined
  const counts = options.sizes ?? [10, 1000, 25_000, ...(options.full ? [186_000] : [])]
  const sizes: Size[] = []
  for (const packages of counts) {
    const index = packages > PEER_LIMIT ? undefined : await folder?.index(packages)
    sizes.push({ packages, apk: index, publishes: [], noarch: [], puts: [], merges: [] })
  }
  const state = { ...(await createServerState()), variables: OWNER_LIMITS }
  const spent = await timed(async () => seed(state.directory, sizes.flatMap(repositoriesOf)))
  report.note(`seeded in ${Math.round(spent)} ms`)
  await using server = await startServer(state)
  await measure(report, server, sizes, options.runs ?? 15)
  for (const size of sizes) await reportSize(report, server, size, sizes[0] ?? size)
  await reportPeak(report, server, counts)
  await server.stop()
  await countPublishes(report, state, counts)
}

function repositoriesOf({ packages, apk }: Size): SeededRepository[] {
  const single = { owner: `single-${packages}`, entries: apk?.entries ?? described(packages) }
  if (packages > PEER_LIMIT) return [single]
  return [single, { owner: `five-${packages}`, entries: described(packages, architectures) }]
}

function* described(packages: number, of = ['x86_64']) {
  for (let number = 0; number < packages; number++)
    for (const architecture of of) yield describePackage(number, architecture)
}

async function measure(report: Report, server: Server, sizes: readonly Size[], runs: number) {
  await using bare = await startBareServer()
  const put = (bytes: number) => timed(() => expectOk(fetch(`${bare.url}/put?bytes=${bytes}`)))
  // Whatever is slow the first time is slow here, and not in the first rebuild.
  await publish(server, `single-${sizes[0]?.packages}`, freshPackage())
  for (const { packages } of sizes) {
    const rebuilt = await publish(server, `single-${packages}`, freshPackage())
    report.add(PART, `first publish, rebuilding the copy of ${packages}`, 'ms', [rebuilt], packages)
    if (packages > PEER_LIMIT) continue
    const five = await publish(server, `five-${packages}`, freshPackage('noarch'))
    report.add(PART, `the same, of 5 architectures of ${packages}`, 'ms', [five], packages)
    // An index file is there from the first publish into its architecture on.
    for (const each of architectures) await publish(server, `five-${packages}`, freshPackage(each))
  }
  for (let round = -2; round < runs; round++) {
    for (const { packages, apk, publishes, noarch, puts, merges } of sizes) {
      const single = await publish(server, `single-${packages}`, freshPackage())
      const bytes = await sizeOf(indexUrl(server, `single-${packages}`))
      const bareput = await put(bytes)
      const five =
        packages > PEER_LIMIT
          ? undefined
          : await publish(server, `five-${packages}`, freshPackage('noarch'))
      const merged = await apk?.merge()
      if (round < 0) continue
      publishes.push(single)
      puts.push(bareput)
      if (five !== undefined) noarch.push(five)
      if (merged !== undefined) merges.push(merged)
    }
  }
}

async function reportSize(report: Report, server: Server, size: Size, smallest: Size) {
  const { packages, apk, publishes, noarch, puts, merges } = size
  const url = indexUrl(server, `single-${packages}`)
  const { median } = report.add(PART, `publish at ${packages}`, 'ms', publishes, packages)
  const put = report.add(PART, `bare R2 put of an index of ${packages}`, 'ms', puts, packages)
  report.add(PART, `index of ${packages}`, 'bytes', [await sizeOf(url)], packages)
  const bound = 2 * medianOf(smallest.publishes) + 1.3 * put.median
  if (packages <= PEER_LIMIT)
    report.atMost(PART, `publish at ${packages} against 2 × at 10 + 1.3 × put`, median, bound)
  else report.note(`2 × at 10 + 1.3 × put is ${Math.round(bound)} ms at ${packages}`)
  if (noarch.length > 0)
    report.add(PART, `noarch publish, 5 architectures of ${packages}`, 'ms', noarch, packages)
  if (apk === undefined) return
  report.add(PART, `apk index of ${packages}`, 'ms', [apk.indexed], packages)
  const merge = report.add(
    PART,
    `apk index --merge of one into ${packages}`,
    'ms',
    merges,
    packages,
  )
  const share = median / merge.median
  report.add(PART, `publish at ${packages} / apk index --merge`, 'ratio', [share], packages)
  if (packages >= PEER_LIMIT)
    report.atMost(PART, `publish at ${packages} / apk index --merge`, share, 1 / 5)
  if (packages < 1000) return
  // Those published since are taken off in proportion; the signature, which apk writes none of, too.
  const signed =
    withoutSignature(await bytesOf(url)) * (packages / (packages + publishes.length + 4))
  report.atMost(PART, `index at ${packages} / that of apk index`, signed / apk.size, 1.1)
}

/** Bytes from the second gzip header on. */
function withoutSignature(index: Uint8Array): number {
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
  return index.length - Buffer.from(index).indexOf(header, 8)
}
