// `npm run fuzz [-- --seconds N] [--seed S]`: runs the fuzzers of packages, .PKGINFO, indexes and HTTP
// requests, each for N seconds (60 by default), from the seed S or a new one. Every line names the seed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { reportFailure } from './failure.ts'
import { answerHelp } from './help.ts'
import { projectDirectory } from './wrangler.ts'

interface FuzzOptions {
  seconds: string
  seed?: string
}

/** @throws Error in one line */
function readOptions(): FuzzOptions {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
  })
  for (const [name, value] of Object.entries(values))
    if (!/^\d{1,10}$/.test(value)) throw new Error(`--${name} must be a number, not ${value}`)
  return values
}

async function fuzz({ seconds, seed }: FuzzOptions): Promise<number> {
  const vitest = join(projectDirectory, 'node_modules/vitest/vitest.mjs')
  const files = [
    'test/types/alpine/fuzz.unit.test.ts',
    'test/types/alpine/bad-input-fuzz.worker.test.ts',
  ]
  // Only variables with this prefix reach tests that run in workerd.
  const env = { ...process.env, VITE_FUZZ_SECONDS: seconds }
  const child = spawn(process.execPath, [vitest, 'run', '--no-file-parallelism', ...files], {
    cwd: projectDirectory,
    stdio: 'inherit',
    env: seed === undefined ? env : { ...env, VITE_FUZZ_SEED: seed },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => child.kill(signal))
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}

answerHelp(`npm run fuzz -- [--seconds 60] [--seed NUMBER]

Runs the fuzzers, each so many seconds, from the seed or a new one.`)
try {
  process.exitCode = await fuzz(readOptions())
} catch (error) {
  reportFailure('npm run fuzz', error)
}
