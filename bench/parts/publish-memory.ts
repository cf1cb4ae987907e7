// What the runtime's process grows by during one publish. It also runs the simulators of D1 and R2,
// so that this is an upper bound of what the isolate holds.
import {
  canMeasure,
  forgetPeak,
  peakMegabytes,
  residentMegabytes,
  runtimeProcesses,
} from '../../test/support/clients/process-costs.ts'
import type { Server } from '../../test/support/clients/server.ts'
import { freshPackage } from '../packages.ts'
import { publish } from '../registry.ts'
import type { Report } from '../report.ts'

export async function reportPeak(report: Report, server: Server, counts: readonly number[]) {
  if (!canMeasure) return
  const processes = runtimeProcesses(server.group)
  for (const packages of counts) {
    const growths: number[] = []
    for (let run = 0; run < 5; run++) {
      const before = processes.map(residentMegabytes)
      for (const pid of processes) forgetPeak(pid)
      await publish(server, `single-${packages}`, freshPackage())
      const grown = processes.map((pid, at) => peakMegabytes(pid) - (before[at] ?? 0))
      growths.push(Math.max(...grown))
    }
    const what = `memory: peak of the runtime in a publish at ${packages}`
    report.add('publish', what, 'MB', growths, packages)
  }
  const now = Math.max(...processes.map(residentMegabytes))
  report.add('publish', 'memory: all that the runtime holds after these', 'MB', [now])
}
