// `npm run bench [-- --full --runs N --only PART,… --json FILE]`: measures the registry beside what the
// platform itself costs and beside other tools, prints a table, and writes it as JSON. Times are
// printed, never asserted. Ends with 0 unless something broke.
import { writeFile } from 'node:fs/promises'
import { reportFailure } from '../scripts/failure.ts'
import { answerHelp } from '../scripts/help.ts'
import { type Options, readOptions } from './options.ts'
import { cargo, npm } from './package-managers.ts'
import { benchBursts } from './parts/bursts.ts'
import { benchDownloads } from './parts/downloads.ts'
import { benchFlood } from './parts/flood.ts'
import { benchGitea } from './parts/gitea.ts'
import { benchInstalls } from './parts/installs.ts'
import { benchMemory } from './parts/memory.ts'
import { benchPackageManager } from './parts/package-managers.ts'
import { benchPublish } from './parts/publish.ts'
import { benchStart } from './parts/start.ts'
import { formatHeader, Report } from './report.ts'

/**
 * Those that remove many files come last: ext4 without a journal passes over each inode that was freed in the
 * last minutes whenever a file is made, which took 0.2 of a publish's 3.3 ms.
 */
const parts: Readonly<Record<string, (report: Report, options: Options) => Promise<void>>> = {
  bursts: benchBursts,
  downloads: benchDownloads,
  installs: benchInstalls,
  flood: benchFlood,
  memory: benchMemory,
  start: benchStart,
  publish: benchPublish,
  gitea: benchGitea,
  npm: (report, options) => benchPackageManager(report, options, npm),
  cargo: (report, options) => benchPackageManager(report, options, cargo),
}

/** @throws Error in one line for options that are no good */
function readCommandLine(): Options {
  const options = readOptions(process.argv.slice(2))
  const unknown = options.only?.find((name) => !Object.hasOwn(parts, name))
  if (unknown === undefined) return options
  throw new Error(`there is no part ${unknown}: one of ${Object.keys(parts).join(', ')}`)
}

async function main({ only, json, ...options }: Options): Promise<void> {
  const report = new Report()
  console.log(formatHeader())
  for (const [name, bench] of Object.entries(parts)) {
    if (only !== undefined && !only.includes(name)) continue
    await bench(report, options)
    // After each part, since a long run may be cut off.
    if (json !== undefined) await writeFile(json, report.toJson())
  }
}

answerHelp(`npm run bench -- [--full] [--runs N] [--only PART,...] [--sizes N,...] [--json FILE]

Measures the registry beside other tools, and prints a table.

  --full   also what takes many minutes
  --only   some of ${Object.keys(parts).join(', ')}
  --json   also writes the figures to FILE`)
let options: Options | undefined
try {
  options = readCommandLine()
} catch (error) {
  reportFailure('npm run bench', error)
}
if (options !== undefined) await main(options)
