// Builds a client that is published as a Go module, in a throwaway module that pins its version and
// checksum. The Go checksum database answers for what it depends on.
import { writeFile } from 'node:fs/promises'
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
    const flags = ['-mod=mod', '-trimpath', '-buildvcs=false', '-ldflags=-s -w']
    await runOrThrow('go', ['build', ...flags, '-o', join(made, tool.name), tool.package], {
      cwd: made,
      inheritEnv: true,
      env: { GOFLAGS: '', CGO_ENABLED: '0' },
      timeoutMs: 1_200_000,
    })
  })
  return join(directory, tool.name)
}
