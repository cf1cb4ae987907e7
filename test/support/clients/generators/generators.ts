// Generators of clients from the API's document: openapi-typescript with openapi-fetch, and openapi-python-client, of
// the versions that the lock file and the pins here name. None of their scripts run while they are installed.
import { createHash } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, runOrThrow } from '../run.ts'
import { cachedTool } from '../tool-cache.ts'

const path = (name: string) => join(import.meta.dirname, name)

async function digestOf(name: string): Promise<string> {
  const content = await readFile(path(name))
  return createHash('sha256').update(content).digest('hex').slice(0, 16)
}

/** The folder whose `node_modules` has the generator for TypeScript. */
export async function installOpenapiTypescript(): Promise<string> {
  const name = `openapi-typescript-${await digestOf('package-lock.json')}`
  return cachedTool(name, async (directory) => {
    for (const file of ['package.json', 'package-lock.json']) {
      await copyFile(path(file), join(directory, file))
    }
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund']
    await runOrThrow('npm', ['ci', ...quiet], {
      ...{ cwd: directory, inheritEnv: true, timeoutMs: 600_000 },
    })
  })
}

/** The folder that Python has to look in. */
export async function installOpenapiPython(): Promise<string> {
  const name = `openapi-python-${await digestOf('pins.txt')}`
  return cachedTool(name, async (directory) => {
    const install = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '--no-compile']
    const pins = ['--no-deps', '--requirement', path('pins.txt')]
    await runOrThrow('python3', [...install, ...pins, '--target', directory], {
      ...{ inheritEnv: true, timeoutMs: 600_000 },
    })
  })
}

/** Makes the client, checks the types of the program that uses it, and runs that. What the program wrote. */
export async function runTypescriptClient(
  tool: string,
  directory: string,
  document: string,
  args: readonly string[],
): Promise<string> {
  for (const file of ['generate.mjs', 'program.ts'])
    await copyFile(path(file), join(directory, file))
  await copyFile(path('program.json'), join(directory, 'tsconfig.json'))
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  await writeFile(join(directory, 'openapi.json'), document)
  await runOrThrow('ln', ['-s', join(tool, 'node_modules'), 'node_modules'], { cwd: directory })
  const node = (...words: string[]) => runOrThrow(process.execPath, words, { cwd: directory })
  await node('generate.mjs', 'openapi.json', 'schema.ts')
  await node(join(tool, 'node_modules/typescript/bin/tsc'), '--project', '.')
  return node('program.ts', ...args)
}

/** Makes the client and runs the program that uses it. What the program wrote. */
export async function runPythonClient(
  tool: string,
  directory: string,
  document: string,
  args: readonly string[],
): Promise<string> {
  await writeFile(join(directory, 'openapi.json'), document)
  // The generator would have ruff tidy up what it wrote.
  await writeFile(join(directory, 'config.yaml'), 'post_hooks: []\n')
  await copyFile(path('program.py'), join(directory, 'program.py'))
  const env = { PYTHONPATH: `${tool}:${directory}`, PYTHONDONTWRITEBYTECODE: '1' }
  const output = ['--meta', 'none', '--output-path', 'cairn_client']
  const generate = ['generate', '--path', 'openapi.json', '--config', 'config.yaml', ...output]
  const made = await run('python3', ['-m', 'openapi_python_client', ...generate], {
    ...{ cwd: directory, env },
  })
  if (made.code !== 0) throw new Error(`no client was made:\n${made.stdout}\n${made.stderr}`)
  return runOrThrow('python3', ['program.py', ...args], { cwd: directory, env })
}
