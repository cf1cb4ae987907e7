// The command line of the benchmarks.
import { parseArgs } from 'node:util'

export interface Options {
  /** Also what takes many minutes: 186,000 packages, and a burst of 25,000. */
  readonly full: boolean
  /** Measured runs, in place of each part's own number. */
  readonly runs?: number
  /** The parts to run, and no other. */
  readonly only?: readonly string[]
  /** Where the figures go as JSON. */
  readonly json?: string
  /** Packages in the repositories that are published into; of npm and cargo: versions of a package. */
  readonly sizes?: readonly number[]
}

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      runs: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      sizes: { type: 'string' },
    },
  })
  const { full, runs, only, json, sizes } = values
  return {
    full,
    ...(runs === undefined ? {} : { runs: countOf(runs) }),
    ...(only === undefined ? {} : { only: only.split(',') }),
    ...(json === undefined ? {} : { json }),
    ...(sizes === undefined ? {} : { sizes: sizes.split(',').map(countOf) }),
  }
}

function countOf(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new Error(`${text} is not a number of something`)
}
