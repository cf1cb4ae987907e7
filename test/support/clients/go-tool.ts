// Builds clients of Go modules: one that is published as a program, in a throwaway module that pins its version and
// checksum, where the Go checksum database answers for what it depends on; and programs of the tests' own.
import { createHash } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOrThrow } from './run.ts'
import { cachedTool } from './tool-cache.ts'

export interface GoTool {
  name: string
  module: string
  package: string
  version: string
  /** As go.sum has it, of the module's files and of its go.mod. */
  sums: readonly [string, string]
}

export const apko: GoTool = {
  name: 'apko',
  module: 'chainguard.dev/apko',
  package: 'chainguard.dev/apko',
  version: 'v0.30.0',
  sums: [
    'h1:VsKXcQMsnG2t1rcu9HzBLU6ZmoHvYo9uabyuRIZ38VY=',
    'h1:duwNM0y4AtN2YNH4u5z+hgjnfuiTl+rAMzjOKwBkyMw=',
  ],
}

export const nfpm: GoTool = {
  name: 'nfpm',
  module: 'github.com/goreleaser/nfpm/v2',
  package: 'github.com/goreleaser/nfpm/v2/cmd/nfpm',
  version: 'v2.45.2',
  sums: [
    'h1:sWBXUErMSKHMvT8f1mgtY3yn2jbNBAE2TNBXNXpSDGc=',
    'h1:NxYAJCKAuq8NpL57WvL39xIK39/1jViS9hD6MDwKTgw=',
  ],
}

/** The program's path. */
export async function installGoTool(tool: GoTool): Promise<string> {
  const directory = await cachedTool(`${tool.name}-${tool.version}`, async (made) => {
    const requirement = `require ${tool.module} ${tool.version}`
    await writeFile(join(made, 'go.mod'), `module cairn.test/tools\n\ngo 1.25\n\n${requirement}\n`)
    const [files, mod] = tool.sums
    const at = `${tool.module} ${tool.version}`
    await writeFile(join(made, 'go.sum'), `${at} ${files}\n${at}/go.mod ${mod}\n`)
    await build(made, ['-mod=mod', '-o', tool.name, tool.package])
  })
  return join(directory, tool.name)
}

const FILES = ['go.mod', 'go.sum', 'main.go']

/** Of a program that lies here in a folder, with the checksums of all that it is made of. The program's path. */
export async function buildGoProgram(name: string): Promise<string> {
  const files = FILES.map((file) => join(import.meta.dirname, name, file))
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file))
  const directory = await cachedTool(`${name}-${hash.digest('hex').slice(0, 16)}`, async (made) => {
    for (const [at, file] of FILES.entries()) await copyFile(files[at] ?? '', join(made, file))
    await build(made, ['-mod=readonly', '-o', name, '.'])
  })
  return join(directory, name)
}

async function build(directory: string, args: readonly string[]): Promise<void> {
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w']
  await runOrThrow('go', ['build', ...flags, ...args], {
    cwd: directory,
    inheritEnv: true,
    env: { GOFLAGS: '', CGO_ENABLED: '0' },
    timeoutMs: 1_200_000,
  })
}
