// The same publishes into a Gitea, if one is given: one package after the other into a repository
// that grows from nothing.
import { findGitea } from '../gitea.ts'
import { summarise } from '../measure.ts'
import type { Options } from '../options.ts'
import { buildPackage } from '../packages.ts'
import type { Report } from '../report.ts'

const PART = 'gitea'
const SIZES = [10, 100, 500, 1000]

export async function benchGitea(report: Report, { full, runs = 10 }: Options): Promise<void> {
  const gitea = findGitea()
  if (gitea === undefined) {
    return report.note('no comparison with Gitea: GITEA_URL, GITEA_USER or GITEA_TOKEN is not set')
  }
  const spent: number[] = []
  for (const packages of full ? SIZES : SIZES.slice(0, -1)) {
    while (spent.length < packages + runs) {
      const { bytes } = buildPackage(spent.length, 'x86_64')
      spent.push(await gitea.publish(bytes))
    }
    const last = spent.slice(-runs)
    report.add(PART, `publish at ${packages}`, 'ms', last, packages)
    if (summarise(last).median > 10_000) break
  }
}
