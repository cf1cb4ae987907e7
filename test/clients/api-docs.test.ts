// docs/api.md, block by block in its order, by bash and curl on a running registry.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { run } from '../support/clients/run.ts'
import { temporaryDirectory } from '../support/clients/temporary-directory.ts'
import { useServer } from '../support/clients/use-server.ts'
import { readBlocks } from '../support/start/blocks.ts'
import { buildApk } from '../types/alpine/builder.ts'

const page = fileURLToPath(new URL('../../docs/api.md', import.meta.url).href)
const blocks = readBlocks(readFileSync(page, 'utf8'))

/** What each block has to write, or to leave in its folder. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  list: /^\[\{"id":\d+.*"name":"hello","version":"2\.0\.0-r0".*"version":"1\.0\.0-r0"/,
  pages: /^link: <http[^>]*\?limit=1&page=2>; rel="next",.*\r\nx-total-count: 2\r\n$/i,
  versions: /^\[\{.*\}\]\n\{.*"2\.0\.0-r0".*\}\n\{.*"1\.0\.0-r0".*\}\n$/,
  files: /"sha512":"[0-9a-f]{128}","architecture":"noarch","branch":"edge","repository":"main"/,
  repositories: /^\[\{"type":"alpine","name":"edge\/main".*\]\n\{.*"indexes":\[\{.*"changes":\[/,
  history:
    /^\[\{"id":"[^"]+","op":"publish",.*"version":"2\.0\.0-r0"[^}]*\}\]\n\[\{.*"token":\{"id":"admin".*\]\n<\?xml .*<entry>.*<\/feed>\n$/s,
  digest: /^published "file\.txt" of example "1" to acme\/generic\n$/,
  tokens: /"expires_at":"2090-01-31T00:00:00\.000Z".*"token":"cairn_.*\n\[\{.*"name":"laptop"/,
  remove: /^$/,
  problem: /^\{"type":"\/api\/v1\/docs#not-found".*"code":"not-found"/,
  document: /^$/,
}

describeWith(['curl'], 'docs/api.md', () => {
  const server = useServer()

  beforeAll(async () => {
    const { url, adminToken } = server()
    const headers = { authorization: `Bearer ${adminToken}` }
    const body = JSON.stringify({ visibility: 'public' })
    await fetch(`${url}/api/v1/owners/acme`, { method: 'PUT', headers, body })
    for (const version of ['1.0.0-r0', '2.0.0-r0']) {
      const body = buildApk({ name: 'hello', version, arch: 'noarch' })
      const repository = `${url}/api/packages/acme/alpine/edge/main`
      expect((await fetch(repository, { method: 'PUT', headers, body })).status).toBe(201)
    }
  })

  it('has every block that is expected, and no other', () => {
    expect(blocks.map(({ mark }) => mark?.name)).toEqual(Object.keys(EXPECTED))
  })

  it.each(blocks)('$mark.name', async ({ code, mark }) => {
    const cwd = await temporaryDirectory()
    const env = { URL: server().url, TOKEN: server().adminToken }
    const said = await run('bash', ['-euo', 'pipefail', '-c', code], { cwd, env })
    expect(said.code, said.stderr).toBe(0)
    expect(said.stdout).toMatch(EXPECTED[mark?.name ?? ''] ?? 'an expectation')
    if (mark?.name !== 'document') return
    expect(JSON.parse(readFileSync(join(cwd, 'openapi.json'), 'utf8')).openapi).toBe('3.1.1')
  })
})
