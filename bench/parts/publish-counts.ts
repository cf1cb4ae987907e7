// What a publish costs in rows and text and where its time goes, by bench/variants/counted.ts in the place of the
// Worker's entry, on the same repositories. Counts are exact; the times are of a Worker that counts.
import type { Server, ServerState } from '../../test/support/clients/server.ts'
import { freshPackage } from '../packages.ts'
import { publish } from '../registry.ts'
import type { Report, Unit } from '../report.ts'
import { startVariant } from '../variant.ts'

type Counts = Record<string, number>

/** Those that must not grow; what else is counted are calls and their times. */
const names: Readonly<Record<string, Unit>> = {
  'rows read': 'rows',
  'rows written': 'rows',
  summariesRead: 'rows',
  segmentsRead: 'rows',
  segmentsWritten: 'rows',
  textCompressed: 'characters',
  builds: 'files',
}

export async function countPublishes(
  report: Report,
  state: ServerState,
  sizes: readonly number[],
): Promise<void> {
  await using server = await startVariant(state, 'counted')
  for (const packages of sizes) {
    const samples: Counts[] = []
    for (let run = -2; run < 9; run++) {
      const before = await readCounts(server)
      await publish(server, `single-${packages}`, freshPackage())
      const after = await readCounts(server)
      if (run >= 0) samples.push(difference(before, after))
    }
    for (const name of Object.keys(names)) add(report, samples, name, packages)
    for (const name of Object.keys(samples[0] ?? {}).sort())
      if (names[name] === undefined) add(report, samples, name, packages)
  }
}

function add(report: Report, samples: readonly Counts[], name: string, packages: number): void {
  const values = samples.map((sample) => sample[name] ?? 0)
  if (values.every((value) => value === 0)) return
  const unit = names[name] ?? (name.endsWith(' ms') ? 'ms' : 'calls')
  report.add('counts', `${name} at ${packages}`, unit, values, packages)
}

async function readCounts(server: Server): Promise<Counts> {
  const response = await fetch(`${server.url}/bench/counts`)
  return (await response.json()) as Counts
}

/** The object's own counters are of the object that committed last: each is read after two of it. */
function difference(before: Counts, after: Counts): Counts {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  )
}
