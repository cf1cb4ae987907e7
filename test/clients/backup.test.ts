// A registry is backed up while it is written to, loses its database, its objects and its Durable Objects,
// and comes back into an empty deployment whose cron runs all the while. A real apk that knew the old
// one goes on as if nothing had been.
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { createOwner, type TestOwner } from '../support/clients/registry.ts'
import { type Finished, run, runOrThrow } from '../support/clients/run.ts'
import {
  createServerState,
  type Server,
  type ServerState,
  startServer,
  wranglerEnvironment,
} from '../support/clients/server.ts'
import { type ApkSpec, buildApk } from '../types/alpine/builder.ts'
import { createApkRoot } from '../types/alpine/clients/apk.ts'

function scriptEnvironment({ state, url, adminToken }: Server): Record<string, string> {
  return { ...wranglerEnvironment(state.directory), URL: url, TOKEN: adminToken }
}

function script(server: Server, name: string, ...args: string[]): Promise<Finished> {
  const project = join(server.state.directory, 'project')
  return run(process.execPath, [join(project, 'scripts', `${name}.ts`), ...args], {
    cwd: project,
    env: scriptEnvironment(server),
    timeoutMs: 170_000,
  })
}

/** Each with a file of its own, so that they install beside each other. */
function apkOf(name: string, more: ApkSpec = {}): Uint8Array {
  const files = [{ path: `usr/share/${name}`, content: name }]
  return buildApk({ name, version: '1-r0', files, ...more })
}

/** All of it, as in a new account, or the database alone. Secrets stay as they were. */
async function lose(state: ServerState, part: '' | 'v3/d1'): Promise<void> {
  await rm(join(state.directory, 'state', part), { recursive: true })
  const wrangler = join(state.directory, 'project/node_modules/wrangler/bin/wrangler.js')
  const persist = ['--persist-to', join(state.directory, 'state')]
  await runOrThrow(
    process.execPath,
    [wrangler, 'd1', 'migrations', 'apply', 'DB', '--local', ...persist],
    {
      cwd: join(state.directory, 'project'),
      env: wranglerEnvironment(state.directory),
    },
  )
}

/** The sweep, over and over, until it is told to stop; says how often it ran. */
function runCron(server: Server): { stop(): Promise<number> } {
  let [stopped, runs] = [false, 0]
  const loop = async () => {
    while (!stopped) {
      const { ok, status } = await fetch(`${server.url}/cdn-cgi/local/scheduled`)
      if (!ok) throw new Error(`the cron trigger answers ${status}`)
      runs++
      await sleep(20)
    }
  }
  const ended = loop()
  return {
    async stop() {
      stopped = true
      await ended
      return runs
    },
  }
}

/** Publishes and removes until it is told to stop. */
function keepPublishing(owner: TestOwner): { stop(): Promise<void> } {
  let stopped = false
  const loop = async () => {
    for (let at = 0; !stopped; at++) {
      await owner.mustPublish('edge/main', buildApk({ name: `busy-${at}`, version: '1-r0' }))
      if (at % 3 === 2)
        expect((await owner.remove(`edge/main/x86_64/busy-${at}-1-r0.apk`)).status).toBe(204)
    }
  }
  const ended = loop()
  return {
    async stop() {
      stopped = true
      await ended
    },
  }
}

/** Its process is killed when the objects are there and rows are coming. */
async function breakRestoreOff(server: Server, folder: string): Promise<void> {
  const project = join(server.state.directory, 'project')
  const child = spawn(process.execPath, [join(project, 'scripts/restore.ts'), folder], {
    cwd: project,
    env: { ...scriptEnvironment(server) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  for await (const chunk of child.stderr) {
    said += chunk
    if (said.includes('objects sent: ')) child.kill('SIGKILL')
  }
  expect(said).toContain('objects sent: ')
  expect(said).not.toContain('compared')
}

function expectSuccess({ code, stdout, stderr }: Finished): void {
  expect(`${code} ${stdout} ${stderr}`).toMatch(/^0 /)
}

async function send(server: Server, path: string, init: RequestInit): Promise<string> {
  const headers = { authorization: `Bearer ${server.adminToken}` }
  const response = await fetch(`${server.url}${path}`, { ...init, headers })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
  return text
}

/** By their paths. */
async function readFiles(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    await Promise.all(paths.sort().map(async (path) => [path, await readFile(path)] as const)),
  )
}

describeWith(['apk'], 'npm run backup and npm run restore', ({ apk }) => {
  let server: Server
  let folder: string

  beforeAll(async () => {
    server = await startServer(await createServerState())
    folder = await mkdtemp(join(tmpdir(), 'cairn-backup-'))
  })

  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  it('bring everything back, and apk notices nothing', async () => {
    const owner = await createOwner(server, 'private')
    const busy = await createOwner(server, 'public')
    const long = 'x'.repeat(150_000)
    await owner.mustPublish(
      'edge/main',
      ...['first', 'second', 'gone'].map((name) => apkOf(name)),
      apkOf('noarch', { arch: 'noarch' }),
    )
    await owner.remove('edge/main/x86_64/gone-1-r0.apk')
    await owner.mustPublish('v3.22/main', buildApk({ name: 'first', version: '1-r0' }))
    const handbook = `/api/packages/${owner.name}/generic/handbook/1/README`
    await send(server, handbook, { method: 'PUT', body: long })
    await owner.mustPublish('stable/main', buildApk({ name: 'taken', version: '1-r0' }))
    const stable = `/api/v1/owners/${owner.name}/repositories/alpine/stable/main`
    await send(server, stable, { method: 'PUT', body: '{"immutable":true}' })
    await owner.remove('stable/main/x86_64/taken-1-r0.apk')
    let index = await owner.get('edge/main/x86_64/APKINDEX.tar.gz')
    const repositories = [`${owner.urlWithCredentials(owner.readToken)}/edge/main`]
    const root = await createApkRoot(apk, { repositories, keys: [owner.key] })
    await root.must(['add', '-U', 'first'])

    // Packages come and go, and apk knows some of the states between.
    for (let round = 0; round < 4; round++) {
      await owner.mustPublish('edge/main', apkOf('churn', { version: `${round}-r0` }))
      await root.must(['update'])
      await owner.remove(`edge/main/x86_64/churn-${round}-r0.apk`)
    }
    await owner.mustPublish('edge/main', apkOf('churn', { version: '9-r0' }))
    await root.must(['add', '-U', 'churn'])
    index = await owner.get('edge/main/x86_64/APKINDEX.tar.gz')

    const writing = keepPublishing(busy)
    const made = await script(server, 'backup', folder)
    await writing.stop()
    expectSuccess(made)
    expect(made.stdout).toMatch(/^backup \d+: \d+ files in \d+ objects of .*, read back and good$/m)
    // The second has what came during the first, and the third nothing to fetch but lists that are damaged.
    expectSuccess(await script(server, 'backup', folder))
    const lists = await readFiles(join(folder, 'contents'))
    const [cut = '', lost = ''] = lists.keys()
    await truncate(cut, 20)
    await rm(lost)
    const again = await script(server, 'backup', folder)
    expectSuccess(again)
    expect(again.stderr).toMatch(/^objects fetched: 0 of 0/m)
    expect(await readFiles(join(folder, 'contents'))).toEqual(lists)
    expect((await readdir(join(folder, 'backups'))).length).toBe(9)

    await server.stop()
    await lose(server.state, '')
    server = await startServer(server.state)
    const cron = runCron(server)
    await breakRestoreOff(server, folder)
    // Half of the rows are no backup, and would be the newest.
    const half = await script(server, 'backup', folder)
    expect([half.code, half.stderr]).toEqual([1, expect.stringContaining('is being restored')])
    // Nobody is told that a package is not there.
    const meanwhile = await owner.get('edge/main/x86_64/APKINDEX.tar.gz')
    expect(`${meanwhile.status} ${meanwhile.text}`).toMatch(/^503 a backup is being restored/)
    const restored = await script(server, 'restore', folder)
    expectSuccess(restored)
    expect(restored.stderr).toMatch(/^objects sent: 0 of 0/m)
    expect(restored.stdout).toMatch(/^restored \d+: \d+ files in \d+ objects of .*, all compared$/m)
    expect(await cron.stop()).toBeGreaterThan(3)

    const same = await owner.get('edge/main/x86_64/APKINDEX.tar.gz')
    expect([same.status, same.headers.get('etag'), same.headers.get('last-modified')]).toEqual([
      200,
      index.headers.get('etag'),
      index.headers.get('last-modified'),
    ])
    // Everything: rows, files of every type, and all four repositories.
    const checked = await script(server, 'check')
    expectSuccess(checked)
    expect(checked.stdout.match(/: all good$/gm)).toHaveLength(5)
    await root.must(['update'])
    await root.must(['add', 'second', 'noarch'])
    await owner.mustPublish('edge/main', apkOf('first', { version: '2-r0' }))
    await root.must(['upgrade', '-U'])
    expect(await root.installed()).toEqual([
      ...['churn-9-r0', 'first-2-r0', 'noarch-1-r0', 'second-1-r0'],
    ])
    // And goes on as before: what it has is removed, and comes in a higher version.
    await owner.remove('edge/main/x86_64/churn-9-r0.apk')
    await root.must(['update'])
    await root.must(['add', 'churn'])
    await owner.mustPublish('edge/main', apkOf('churn', { version: '10-r0' }))
    await root.must(['upgrade', '-U'])
    expect(await root.installed()).toContain('churn-10-r0')
    expect(await send(server, handbook, {})).toBe(long)
    // What was removed from an immutable repository stays taken.
    const other = buildApk({ name: 'taken', version: '1-r0', info: { pkgdesc: 'other bytes' } })
    expect((await owner.publish('stable/main', other)).status).toBe(409)
  })

  it('go one at a time into a folder, and a deployment into its own', async () => {
    const [first = '', ...others] = await readdir(join(folder, 'backups'))
    const held = { pid: process.pid, host: hostname(), started_at: 'noon' }
    await writeFile(join(folder, 'lock'), JSON.stringify(held))
    for (const name of ['backup', 'restore']) {
      const refused = await script(server, name, folder)
      expect([refused.code, refused.stderr]).toEqual([
        1,
        expect.stringContaining(`began at noon writes into the folder: process ${process.pid}`),
      ])
    }
    await rm(join(folder, 'lock'))
    // The restore made another deployment of it.
    const other = await script(server, 'backup', folder)
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(/the folder has backups of another deployment: .* --new-deployment/),
    ])
    expect(await readdir(join(folder, 'backups'))).toEqual([first, ...others])
    // As it is left by a process that was killed.
    await writeFile(join(folder, 'lock'), JSON.stringify({ ...held, pid: 2 ** 22 + 1 }))
    await writeFile(join(folder, 'backups', '20991231235959999.jsonl.gz.part-1'), '')
    expectSuccess(await script(server, 'backup', folder, '--new-deployment'))
    expect((await readdir(join(folder, 'backups'))).length).toBe(others.length + 1 + 3)
    expect(await readdir(folder)).not.toContain('lock')
    const [one, two] = await Promise.all([
      script(server, 'backup', folder),
      script(server, 'backup', folder),
    ])
    expect([one.code, two.code].sort()).toEqual([0, 1])
    expect(one.stderr + two.stderr).toContain('writes into the folder: process')
  })

  it('bring a lost database back beside the bucket and the Durable Objects that are left', async () => {
    const owner = await createOwner(server, 'public')
    await owner.mustPublish('edge/main', apkOf('one'), apkOf('two'))
    expectSuccess(await script(server, 'backup', folder))
    // These are newer than the backup: the object's copy of the index has them.
    await owner.mustPublish('edge/main', apkOf('three'))
    await owner.remove('edge/main/x86_64/one-1-r0.apk')
    await server.stop()
    await lose(server.state, 'v3/d1')
    server = await startServer(server.state, undefined, false)
    const cron = runCron(server)
    const refused = await script(server, 'restore', folder)
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('say so with --adopt'),
    ])
    const restored = await script(server, 'restore', folder, '--adopt')
    expectSuccess(restored)
    // All but what the sweep took since: the index of the time of the backup.
    expect(restored.stderr).toMatch(/^objects sent: [01] of [01],? /m)
    expect(await cron.stop()).toBeGreaterThan(3)
    await owner.mustPublish('edge/main', apkOf('four'))
    const root = await createApkRoot(apk, {
      repositories: [`${owner.url}/edge/main`],
      keys: [owner.key],
    })
    await root.must(['add', '-U', 'one', 'two', 'four'])
    expect((await root.run(['add', 'three'])).code).not.toBe(0)
    expectSuccess(await script(server, 'check', `${owner.name}/edge/main`))
  })

  it('refuse a deployment that has something, and a damaged backup', async () => {
    const full = await script(server, 'restore', folder)
    expect([full.code, full.stderr]).toEqual([
      1,
      expect.stringContaining('the database is not empty'),
    ])
    const copy = await mkdtemp(join(tmpdir(), 'cairn-backup-'))
    try {
      await cp(folder, copy, { recursive: true })
      // One part alone may have what an earlier backup names and this one does not.
      for (const part of (await readdir(join(copy, 'objects'))).slice(0, -1)) {
        await rm(join(copy, 'objects', part), { recursive: true })
      }
      const damaged = await script(server, 'restore', copy)
      expect([damaged.code, damaged.stderr]).toEqual([
        1,
        expect.stringContaining('restore the others with --skip-damaged'),
      ])
      const skipped = await script(server, 'restore', copy, '--skip-damaged')
      expect(skipped.stderr).toMatch(
        /objects\/.* is missing or damaged.*the database is not empty/s,
      )
    } finally {
      await rm(copy, { recursive: true })
    }
    const nothing = await script(server, 'restore', tmpdir())
    expect([nothing.code, nothing.stderr]).toEqual([
      1,
      expect.stringContaining('there is no backup in'),
    ])
  })
})
