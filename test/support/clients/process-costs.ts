// Memory and processor time of running processes, as Linux keeps them in /proc.
import { readFileSync, writeFileSync } from 'node:fs'
import { listProcessGroup, type ProcessGroup } from './process-group.ts'

/** Of both. */
export const canMeasure: boolean = process.platform === 'linux'

/** The runtime's processes of a server: one runs the Worker and the simulators, one is a proxy. */
export function runtimeProcesses(group: ProcessGroup): number[] {
  const members = listProcessGroup(group.id)
  return members.filter(({ command }) => /\/workerd\b.* serve /.test(command)).map(({ pid }) => pid)
}

/** Megabytes that the process holds now. */
export function residentMegabytes(pid: number): number {
  return readMegabytes(pid, 'VmRSS')
}

/** The most it has held since `forgetPeak`. */
export function peakMegabytes(pid: number): number {
  return readMegabytes(pid, 'VmHWM')
}

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** What the process has taken of the processors so far, whatever else these did. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name stands in parentheses; from the state on, the times are the 12th and 13th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

/** USER_HZ, which Linux shows to programs on every machine. */
const TICKS_A_SECOND = 100

function readMegabytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [, kilobytes = 0] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  return Math.round(Number(kilobytes) / 1024)
}
