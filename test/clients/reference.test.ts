// The lines for curl on the page of the API's reference, each run by bash on a registry of their own: the path of each
// leads to its operation, and what its example sends is what the operation takes.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { run } from '../support/clients/run.ts'
import { temporaryDirectory } from '../support/clients/temporary-directory.ts'
import { useOwnServer } from '../support/clients/use-server.ts'
import { buildApk } from '../types/alpine/builder.ts'

interface Line {
  readonly id: string
  readonly line: string
}

/** Those that end what the others need, or hold the registry up. */
const LAST = /^(delete|remove|beginRestore)/

/** What the lines find, on a registry with one package: the others are told that nothing is there. */
const FOUND = [
  ...['listPackages', 'listPackageVersions', 'getLatestPackageVersion', 'getPackage'],
  ...['listPackageFiles', 'listOwners', 'putOwner', 'getOwner', 'listTokens', 'createToken'],
  ...['listRepositories', 'getAlpineRepository', 'getVersion', 'getHealth', 'getOpenApi'],
  ...['getAlpineKey', 'getAlpineIndex', 'getAlpinePackage', 'publishGenericFile'],
]

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  amp: '&',
  '#39': "'",
  lt: '<',
  gt: '>',
}

function linesOf(page: string): readonly Line[] {
  const sections = page.matchAll(/<section class="panel" id="(\w+)">.*?<code>(curl .*?)<\/code>/gs)
  return [...sections].map(([, id = '', text = '']) => ({
    id,
    line: text.replace(/&([#\w]+);/g, (whole, name: string) => ENTITIES[name] ?? whole),
  }))
}

describeWith(['curl'], 'the reference of the API', () => {
  const server = useOwnServer()
  let lines: readonly Line[]

  beforeAll(async () => {
    const { url, adminToken } = server()
    const headers = { authorization: `Bearer ${adminToken}` }
    const body = JSON.stringify({ visibility: 'public' })
    await fetch(`${url}/api/v1/owners/acme`, { method: 'PUT', headers, body })
    const apk = buildApk({ name: 'hello', version: '1.0.0-r0', arch: 'x86_64' })
    const repository = `${url}/api/packages/acme/alpine/edge/main`
    expect((await fetch(repository, { method: 'PUT', headers, body: apk })).status).toBe(201)
    lines = linesOf(await (await fetch(`${url}/api/v1/docs`)).text())
  })

  it('has lines that work as they are', async () => {
    expect(lines.length).toBeGreaterThan(60)
    const cwd = await temporaryDirectory()
    await writeFile(join(cwd, 'FILE'), 'text')
    await writeFile(join(cwd, 'body.json'), '{}')
    const env = { URL: server().url, TOKEN: server().adminToken }
    const order = [...lines].sort((a, b) => Number(LAST.test(a.id)) - Number(LAST.test(b.id)))
    const failed: string[] = []
    const found: string[] = []
    for (const { id, line } of order) {
      const command = line.replace('curl ', "curl -s -w '\n%{http_code}' ").replace(' -O ', ' ')
      const { code, stdout, stderr } = await run('bash', ['-c', command], { cwd, env })
      const status = Number(stdout.split('\n').at(-1))
      // 22 is a refusal; others are lines that curl or bash does not understand.
      const misled =
        status === 405 ||
        /nothing at this path|"code":"invalid-name"|is not a valid name/.test(stdout)
      const badExample = status === 400 && / -d '/.test(line)
      if ((code !== 0 && code !== 22) || misled || badExample) {
        failed.push(`${id}: ${line}\n${status} ${stdout} ${stderr}`)
      }
      if (status < 300) found.push(id)
    }
    expect(failed).toEqual([])
    expect(found).toEqual(expect.arrayContaining(FOUND))
  })
})
