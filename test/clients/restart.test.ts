// The state outlives the server, and stopping it leaves nothing that runs or listens.
import { expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { listProcessGroup } from '../support/clients/process-group.ts'
import { createOwner } from '../support/clients/registry.ts'
import { createServerState, isPortBusy, startServer } from '../support/clients/server.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { createApkRoot } from '../types/alpine/clients/apk.ts'

describeWith(['apk'], 'restarting the server', ({ apk }) => {
  it('keeps owners, tokens, packages and the index', async () => {
    const state = await createServerState()
    const first = await startServer(state)
    try {
      const owner = await createOwner(first, 'private')
      const index = 'edge/main/x86_64/APKINDEX.tar.gz'
      await owner.mustPublish('edge/main', buildApk({ name: 'hello', version: '1.0-r0' }))
      const before = await owner.get(index)
      await first.stop()
      expect(listProcessGroup(first.group.id)).toEqual([])
      expect(await isPortBusy(state.port)).toBe(false)

      await using second = await startServer(state)
      expect(second.url).toBe(first.url)
      const after = await owner.get(index)
      expect(after.status).toBe(200)
      expect(after.headers.get('etag')).toBe(before.headers.get('etag'))
      await owner.mustPublish('edge/main', buildApk({ name: 'hello', version: '1.1-r0' }))
      const repositories = [`${owner.urlWithCredentials(owner.readToken)}/edge/main`]
      const root = await createApkRoot(apk, { repositories, keys: [owner.key] })
      await root.must(['add', '-U', 'hello'])
      expect(await root.installed()).toEqual(['hello-1.1-r0'])
      await root.must(['add', 'hello=1.0-r0'])
    } finally {
      await first[Symbol.asyncDispose]()
    }
    expect(await isPortBusy(state.port)).toBe(false)
  })

  it('keeps what was published when every process is killed at once', async () => {
    const state = await createServerState()
    const first = await startServer(state)
    try {
      const owner = await createOwner(first, 'public')
      await owner.mustPublish('edge/main', buildApk({ name: 'hello' }))
      process.kill(-first.group.id, 'SIGKILL')
      await first.stop()
      await using second = await startServer(state)
      expect(second.url).toBe(first.url)
      const root = await createApkRoot(apk, {
        repositories: [`${owner.url}/edge/main`],
        keys: [owner.key],
      })
      await root.must(['add', '-U', 'hello'])
    } finally {
      await first[Symbol.asyncDispose]()
    }
  })
})
