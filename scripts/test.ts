// `npm test -- [vitest's arguments]`: runs every kind of test and prints the counts in one last line. Fails if
// a test fails, if an error belongs to no test, and if no test ran.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answerHelp } from './help.ts'
import { countTests, formatTestCounts } from './test-report.ts'
import { projectDirectory } from './wrangler.ts'

const vitest = join(projectDirectory, 'node_modules/vitest/vitest.mjs')

/** @param compiled the folder of node's compile cache, since many processes load the same modules */
async function runVitest(reportFile: string, compiled: string): Promise<number> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: projectDirectory,
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compiled, ...process.env },
  })
  // A terminal sends signals to vitest too. Other senders reach only this process.
  const passOn = (signal: NodeJS.Signals) => child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, passOn)
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}

answerHelp(`npm test -- [PART OF A PATH ...] [options of vitest, such as -t NAME or --project unit]

Runs every test, or those whose path contains the part, and prints the counts in one last line.`)
const directory = await mkdtemp(join(tmpdir(), 'cairn-test-'))
try {
  const reportFile = join(directory, 'report.json')
  const code = await runVitest(reportFile, join(directory, 'compiled'))
  const counts = await countTests(reportFile)
  const failed = code !== 0 || counts.failed > 0 || counts.passed === 0
  if (code !== 0 && counts.failed === 0)
    console.log(`vitest ended with ${code} although no test failed: the error is above`)
  console.log(formatTestCounts(counts))
  process.exitCode = failed ? code || 1 : 0
} finally {
  await rm(directory, { recursive: true, force: true })
}
