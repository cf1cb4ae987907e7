// A database that is lost comes back from its backup, beside the objects that R2 kept: the index is the
// same, tokens are good, and the next publish works.
import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { createOwner } from '../support/clients/registry.ts'
import { run, runOrThrow } from '../support/clients/run.ts'
import { createServerState, startServer, wranglerEnvironment } from '../support/clients/server.ts'
import { buildApk } from '../types/alpine/builder.ts'

describeWith([], 'npm run backup', () => {
  it('has all that a new database needs', async () => {
    const state = await createServerState()
    const project = join(state.directory, 'project')
    const options = { cwd: project, env: wranglerEnvironment(state.directory) }
    const d1 = (...args: string[]) => {
      const wrangler = join(project, 'node_modules/wrangler/bin/wrangler.js')
      return runOrThrow(process.execPath, [wrangler, 'd1', ...args, '--local'], options)
    }
    let server = await startServer(state)
    try {
      const owner = await createOwner(server, 'private')
      const [first, second] = ['first', 'second'].map((name) => buildApk({ name, version: '1-r0' }))
      await owner.mustPublish('edge/main', first ?? new Uint8Array(), second ?? new Uint8Array())
      await owner.remove('edge/main/x86_64/second-1-r0.apk')
      const index = await owner.get('edge/main/x86_64/APKINDEX.tar.gz')
      await server.stop()

      // Where wrangler looks for local state that is said to be nowhere else.
      await mkdir(join(project, '.wrangler'), { recursive: true })
      await symlink(join(state.directory, 'state'), join(project, '.wrangler/state'))
      const file = join(state.directory, 'backup.sql')
      const backup = ['scripts/backup.ts', file, '--local']
      expect(await runOrThrow(process.execPath, backup, options)).toBe(`wrote ${file}\n`)
      for (const lost of ['d1', 'do'])
        await rm(join(state.directory, 'state/v3', lost), { recursive: true })
      await d1('migrations', 'apply', 'DB')
      await d1('execute', 'DB', '--yes', '--file', file)

      server = await startServer(state)
      const again = await owner.get('edge/main/x86_64/APKINDEX.tar.gz')
      expect([again.status, again.headers.get('etag')]).toEqual([200, index.headers.get('etag')])
      expect((await owner.get('edge/main/x86_64/first-1-r0.apk')).status).toBe(200)
      expect((await owner.get('edge/main/x86_64/second-1-r0.apk')).status).toBe(404)
      await owner.mustPublish('edge/main', buildApk({ name: 'third', version: '1-r0' }))
      const next = await owner.get('edge/main/x86_64/APKINDEX.tar.gz')
      expect(next.headers.get('etag')).not.toBe(index.headers.get('etag'))
    } finally {
      await server[Symbol.asyncDispose]()
    }
  })

  it('asks for a file', async () => {
    const { code, stderr } = await run(process.execPath, ['scripts/backup.ts', '--local'])
    expect([code, stderr]).toEqual([2, 'usage: npm run backup -- FILE [--local]\n'])
  })
})
