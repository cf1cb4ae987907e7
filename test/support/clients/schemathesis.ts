// Schemathesis, which sends what the API's document allows and what it does not, and compares the
// answers with it. From PyPI, every package pinned, into a folder of its own: no virtual environment,
// which Debian's Python lacks.
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, runOrThrow } from './run.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { cachedTool } from './tool-cache.ts'

const VERSION = '4.32.5'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url).href)

/** The folder that Python has to look in. */
export function installSchemathesis(): Promise<string> {
  return cachedTool(`schemathesis-${VERSION}`, async (directory) => {
    const install = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '--no-compile']
    const pins = ['--constraint', path('./schemathesis-pins.txt')]
    await runOrThrow(
      'python3',
      [...install, ...pins, '--target', directory, `schemathesis==${VERSION}`],
      { inheritEnv: true, timeoutMs: 600_000 },
    )
    const said = await runOrThrow('python3', ['-m', 'schemathesis.cli', '--version'], {
      env: { PYTHONPATH: directory },
    })
    if (!said.includes(VERSION)) throw new Error(`expected schemathesis ${VERSION}: ${said}`)
  })
}

export interface SchemathesisReport {
  readonly operations: { readonly total: number; readonly tested: number; readonly skipped: number }
  readonly test_cases: { readonly generated: number; readonly with_failures: number }
  readonly errors: readonly unknown[]
}

export interface SchemathesisRun {
  readonly code: number
  /** What it wrote, for people. */
  readonly output: string
  readonly report: SchemathesisReport
}

/** What is said of all operations, and then of those of each package type. */
async function readConfiguration(): Promise<string> {
  const types = path('../../types')
  const parts = [await readFile(path('./schemathesis.toml'), 'utf8')]
  for (const each of (await readdir(types)).sort()) {
    const file = join(types, each, 'schemathesis.toml')
    if (existsSync(file)) parts.push(await readFile(file, 'utf8'))
  }
  return parts.join('')
}

/** @param token with which it asks; without one it is nobody */
export async function runSchemathesis(
  program: string,
  url: string,
  token?: string,
): Promise<SchemathesisRun> {
  const directory = await temporaryDirectory()
  const reportFile = join(directory, 'report.json')
  const configFile = join(directory, 'schemathesis.toml')
  await writeFile(configFile, await readConfiguration())
  const { code, stdout, stderr } = await run(
    'python3',
    [
      ...['-m', 'schemathesis.cli', '--config-file', configFile],
      ...['run', `${url}/api/v1/openapi.json`],
      ...['--phases', 'coverage,fuzzing,stateful', '--max-examples', '3'],
      // The same requests each time, so that no luck decides whether a change is good.
      ...['--seed', '1'],
      ...['--generation-database', 'none', '--continue-on-failure', '--no-color'],
      ...['--request-timeout', '20', '--report', 'json', '--report-json-path', reportFile],
      ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
    ],
    {
      cwd: directory,
      env: { PYTHONPATH: program, PYTHONDONTWRITEBYTECODE: '1' },
      timeoutMs: 600_000,
    },
  )
  const report: SchemathesisReport = JSON.parse(await readFile(reportFile, 'utf8'))
  return { code, output: `${stdout}\n${stderr}`, report }
}
