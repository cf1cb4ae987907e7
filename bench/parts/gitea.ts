// The same publishes into a Gitea, if one is given: GITEA_URL, GITEA_USER and GITEA_TOKEN (which may
// write packages). One package after the other into a repository that grows from nothing; the
// packages stay there, in a branch of their own.
import { summarise, timed } from '../measure.ts'
import type { Options } from '../options.ts'
import { buildPackage } from '../packages.ts'
import { expectOk } from '../registry.ts'
import type { Report } from '../report.ts'

const PART = 'gitea'
const SIZES = [10, 100, 500, 1000]

export async function benchGitea(report: Report, { full, runs = 10 }: Options): Promise<void> {
  const { GITEA_URL: base, GITEA_USER: user, GITEA_TOKEN: token } = process.env
  if (!base || !user || !token) {
    return report.note('no comparison with Gitea: GITEA_URL, GITEA_USER or GITEA_TOKEN is not set')
  }
  const url = `${base.replace(/\/$/, '')}/api/packages/${user}/alpine/bench-${Date.now()}/main`
  const authorization = `Basic ${btoa(`${user}:${token}`)}`
  const spent: number[] = []
  for (const packages of full ? SIZES : SIZES.slice(0, -1)) {
    while (spent.length < packages + runs) {
      const body = buildPackage(spent.length, 'x86_64').bytes as Uint8Array<ArrayBuffer>
      const request = { method: 'PUT', headers: { authorization }, body }
      spent.push(await timed(() => expectOk(fetch(url, request))))
    }
    const last = spent.slice(-runs)
    report.add(PART, `publish at ${packages}`, 'ms', last, packages)
    if (summarise(last).median > 10_000) break
  }
}
