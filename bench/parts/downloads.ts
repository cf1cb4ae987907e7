// Downloads against a bare Worker that does one point query of D1 and answers the same bytes from
// R2, in turns; beside them nginx serving the same files where it is on PATH, and the package from a
// Gitea if one is given.
import { startServer } from '../../test/support/clients/server.ts'
import { startBareServer } from '../bare-server.ts'
import { findGitea } from '../gitea.ts'
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

const sides = ['Cairn', 'bare Worker', 'nginx', 'Gitea'] as const
type Side = (typeof sides)[number]

interface Kind {
  readonly name: string
  readonly targets: Partial<Readonly<Record<Side, Target>>>
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
  const place = `x86_64/${name}-${version}.apk`
  const urls = {
    index: indexUrl(server, 'acme'),
    package: `${repositoryUrl(server, 'acme')}/${place}`,
  }
  const files = { index: await bytesOf(urls.index), package: await bytesOf(urls.package) }
  await using nginx = await startNginx(files)
  if (nginx === undefined) report.note('no comparison with nginx, which is not on PATH')
  const gitea = findGitea()
  await gitea?.publish(files.package)
  const kinds: Kind[] = []
  for (const what of ['index', 'package'] as const) {
    const url = `${bare.url}/${what}`
    await expectOk(fetch(url, { method: 'PUT', body: files[what] as Uint8Array<ArrayBuffer> }))
    const served = { Cairn: urls[what], 'bare Worker': url }
    const all = nginx === undefined ? served : { ...served, nginx: `${nginx.url}/${what}` }
    // It has an index of its own, and answers neither HEAD nor 304.
    const onlyGet =
      gitea && what === 'package' ? { Gitea: `${gitea.repository}/${place}` } : undefined
    kinds.push(...(await kindsOf(`${what} of ${files[what].length} bytes`, all, onlyGet)))
  }
  await measure(report, kinds, options.runs ?? 5)
}

type Urls = Readonly<Partial<Record<Side, string>>>

async function kindsOf(what: string, urls: Urls, onlyGet?: Urls): Promise<Kind[]> {
  const plain = async (url: string): Promise<Target> => ({ url })
  const head = async (url: string): Promise<Target> => ({ url, method: 'HEAD' })
  const conditional = async (url: string): Promise<Target> => {
    const { headers } = await expectOk(fetch(url, { method: 'HEAD' }))
    return { url, headers: { 'if-none-match': headers.get('etag') ?? '' } }
  }
  return [
    { name: `GET ${what}`, targets: await targetsOf({ ...urls, ...onlyGet }, plain) },
    { name: `HEAD ${what}`, targets: await targetsOf(urls, head) },
    { name: `304 ${what}`, targets: await targetsOf(urls, conditional) },
  ]
}

async function targetsOf(urls: Urls, targetOf: (url: string) => Promise<Target>) {
  const targets: Partial<Record<Side, Target>> = {}
  for (const side of sides) {
    const url = urls[side]
    if (url !== undefined) targets[side] = await targetOf(url)
  }
  return targets
}

async function measure(report: Report, kinds: readonly Kind[], runs: number): Promise<void> {
  const { name: tool, load } = await findLoad()
  report.note(`32 connections by ${tool}, ${SECONDS} s each`)
  for (const { name, targets } of kinds) {
    const rates: Partial<Record<Side, number[]>> = {}
    for (let run = -1; run < runs; run++) {
      for (const side of sides) {
        const target = targets[side]
        if (target === undefined) continue
        const rate = await load(target, SECONDS)
        if (run >= 0) rates[side] = [...(rates[side] ?? []), rate]
      }
    }
    for (const side of sides) {
      const what = side === 'Cairn' ? name : `${name}, ${side}`
      if (rates[side] !== undefined) report.add(PART, what, '1/s', rates[side])
    }
    const cairn = medianOf(rates.Cairn ?? [])
    report.atLeast(PART, `${name} / bare`, cairn / medianOf(rates['bare Worker'] ?? []), 0.6)
    if (rates.Gitea) report.atLeast(PART, `${name} / Gitea`, cairn / medianOf(rates.Gitea), 1)
  }
}
