// What a run found: rows of figures, criteria with their bounds, and notes; as a table for people
// and as JSON for docs/benchmarks.md and the plot.
import { cpus, totalmem } from 'node:os'
import { type Summary, summarise } from './measure.ts'

export type Unit =
  | 'ms'
  | 'bytes'
  | 'rows'
  | 'characters'
  | 'files'
  | 'calls'
  | 'statements'
  | '1/s'
  | 'MB'
  | 'ratio'

export interface Row extends Summary {
  readonly part: string
  readonly name: string
  readonly unit: Unit
  /** Packages in the repository, where it matters. */
  readonly packages?: number
}

export interface Criterion {
  readonly part: string
  readonly text: string
  readonly value: number
  readonly bound: number
  readonly reached: boolean
}

export class Report {
  readonly rows: Row[] = []
  readonly criteria: Criterion[] = []
  readonly notes: string[] = []

  add(
    part: string,
    name: string,
    unit: Unit,
    samples: readonly number[],
    packages?: number,
  ): Summary {
    const summary = summarise(samples)
    this.rows.push({
      part,
      name,
      unit,
      ...(packages === undefined ? {} : { packages }),
      ...summary,
    })
    console.log(formatRow([part, name, ...figures(unit, summary)]))
    return summary
  }

  /** Printed with its bound, never asserted: a machine may be busy. */
  atMost(part: string, text: string, value: number, bound: number): void {
    this.#judge({ part, text: `${text}: at most`, value, bound, reached: value <= bound })
  }

  atLeast(part: string, text: string, value: number, bound: number): void {
    this.#judge({ part, text: `${text}: at least`, value, bound, reached: value >= bound })
  }

  note(text: string): void {
    this.notes.push(text)
    console.log(`  ${text}`)
  }

  toJson(): string {
    const [cpu] = cpus()
    const machine = {
      cores: cpus().length,
      processor: cpu?.model ?? '',
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    }
    const { rows, criteria, notes } = this
    return `${JSON.stringify({ date: new Date().toISOString(), machine, rows, criteria, notes }, null, 2)}\n`
  }

  #judge(criterion: Criterion): void {
    this.criteria.push(criterion)
    const { text, value, bound, reached } = criterion
    console.log(`  ${reached ? 'reached' : 'MISSED '} ${text} ${show(bound)}: ${show(value)}`)
  }
}

export function formatHeader(): string {
  return formatRow(['part', 'what', 'median', 'quartiles', 'range', 'runs', 'unit'])
}

function figures(unit: Unit, { median, low, high, min, max, runs }: Summary): string[] {
  const between = (a: number, b: number) => (a === b ? '' : `${show(a)}–${show(b)}`)
  return [show(median), between(low, high), between(min, max), String(runs), unit]
}

const widths = [10, 58, 11, 17, 17, 5, 0]

function formatRow(cells: readonly string[]): string {
  const padded = cells.map((cell, at) =>
    at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
  )
  return padded.join(' ')
}

function show(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return Number.isInteger(value) ? String(value) : value.toFixed(digits)
}
