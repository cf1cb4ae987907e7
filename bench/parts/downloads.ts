// Downloads against a bare Worker that does one point query of D1 and answers the same bytes from
// R2, in turns, and against nginx serving the same files where it is on PATH.
import { startServer } from '../../test/support/clients/server.ts'
import { startBareServer } from '../bare-server.ts'
import { findLoad, type Target } from '../load.ts'
import { inParallel, medianOf } from '../measure.ts'
import { startNginx } from '../nginx.ts'
import type { Options } from '../options.ts'
import { buildPackage } from '../packages.ts'
import { bytesOf, createOwner, expectOk, indexUrl, publish, repositoryUrl } from '../registry.ts'
import type { Report } from '../report.ts'

const PART = 'downloads'
const PACKAGES = 1000
const SECONDS = 2

interface Kind {
  readonly name: string
  readonly targets: Readonly<Record<'cairn' | 'bare' | 'nginx', Target>>
}

export async function benchDownloads(report: Report, options: Options): Promise<void> {
  await using server = await startServer()
  await using bare = await startBareServer()
  await createOwner(server, 'acme')
  const packages = Array.from({ length: PACKAGES }, (_, at) => buildPackage(at, 'x86_64'))
  await inParallel(32, packages, async ({ bytes }) => {
    await publish(server, 'acme', bytes)
  })
  const { name = '', version = '' } = packages[0]?.entry ?? {}
  const urls = {
    index: indexUrl(server, 'acme'),
    package: `${repositoryUrl(server, 'acme')}/x86_64/${name}-${version}.apk`,
  }
  const files = { index: await bytesOf(urls.index), package: await bytesOf(urls.package) }
  await using nginx = await startNginx(files)
  if (nginx === undefined) report.note('no comparison with nginx, which is not on PATH')
  const kinds: Kind[] = []
  for (const what of ['index', 'package'] as const) {
    const url = `${bare.url}/${what}`
    await expectOk(fetch(url, { method: 'PUT', body: files[what] as Uint8Array<ArrayBuffer> }))
    const targets = { cairn: urls[what], bare: url, nginx: `${nginx?.url}/${what}` }
    kinds.push(...(await kindsOf(`${what} of ${files[what].length} bytes`, targets)))
  }
  await measure(report, kinds, nginx !== undefined, options.runs ?? 5)
}

async function kindsOf(what: string, urls: Record<'cairn' | 'bare' | 'nginx', string>) {
  const conditional = async (url: string): Promise<Target> => {
    if (url.startsWith('undefined')) return { url }
    const { headers } = await expectOk(fetch(url, { method: 'HEAD' }))
    return { url, headers: { 'if-none-match': headers.get('etag') ?? '' } }
  }
  const each = (of: (url: string) => Target) => {
    return { cairn: of(urls.cairn), bare: of(urls.bare), nginx: of(urls.nginx) }
  }
  const [cairn, bare, nginx] = await Promise.all([
    conditional(urls.cairn),
    conditional(urls.bare),
    conditional(urls.nginx),
  ])
  return [
    { name: `GET ${what}`, targets: each((url) => ({ url })) },
    { name: `HEAD ${what}`, targets: each((url) => ({ url, method: 'HEAD' })) },
    { name: `304 ${what}`, targets: { cairn, bare, nginx } },
  ]
}

async function measure(report: Report, kinds: readonly Kind[], nginx: boolean, runs: number) {
  const { name: tool, load } = await findLoad()
  report.note(`32 connections by ${tool}, ${SECONDS} s each`)
  for (const { name, targets } of kinds) {
    const rates = { cairn: [] as number[], bare: [] as number[], nginx: [] as number[] }
    for (let run = -1; run < runs; run++) {
      for (const side of ['cairn', 'bare'] as const) {
        const rate = await load(targets[side], SECONDS)
        if (run >= 0) rates[side].push(rate)
      }
      if (nginx && run >= 0) rates.nginx.push(await load(targets.nginx, 1))
    }
    report.add(PART, name, '1/s', rates.cairn)
    report.add(PART, `${name}, bare Worker`, '1/s', rates.bare)
    if (nginx) report.add(PART, `${name}, nginx`, '1/s', rates.nginx)
    report.atLeast(PART, `${name} / bare`, medianOf(rates.cairn) / medianOf(rates.bare), 0.6)
  }
}
