// `npm run restore` is killed at each of its requests and called again: its own driver, with a real folder,
// over the endpoints of a deployment that is empty each time.
import { env } from 'cloudflare:workers'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { BackupDirectory, type Manifest } from '../../scripts/backup/directory.ts'
import { contentsKeyOf, fetchObject, objectsOf } from '../../scripts/backup/objects.ts'
import { restore } from '../../scripts/backup/restore.ts'
import { countRows, TABLES } from '../../scripts/backup/rows.ts'
import { readSnapshot } from '../../scripts/backup/snapshot.ts'
import { Registry } from '../../scripts/registry.ts'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { changeFirstPackage, loseRows } from '../support/worker/backed-up.ts'
import { expectConsistent, listUnnamedObjects } from '../support/worker/consistency.ts'
import { forgetWrites } from '../support/worker/limits/bucket.ts'
import { ADMIN, answerOf, createOwner, send, tokenOf } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { checkRepository, MAIN, publish } from '../types/alpine/repository.ts'
import { samples } from '../types/samples.ts'

const url = 'https://registry.test'
const registry = new Registry(url, 'admin-token-of-the-tests')
const ROWS = 'POST /api/v1/deployment/restore/rows'
const INDEX = `${MAIN}/x86_64/APKINDEX.tar.gz`

interface Connection {
  /** Method and path of each request that was sent; of rows with their table. */
  readonly sent: string[]
  /** Resolves at the kill, once the registry is done with what it was sent. */
  readonly killed: Promise<void>
}

/** Requests of the scripts reach the registry until so many of them were answered; then nothing goes on any more. */
function connect(most = Number.POSITIVE_INFINITY): Connection {
  const sent: string[] = []
  const running: Promise<Response>[] = []
  const { promise: killed, resolve: kill } = Promise.withResolvers<void>()
  const never = () => new Promise<never>(() => {})
  let dead = false
  const die = async () => {
    dead = true
    await Promise.allSettled(running)
    kill()
    return never()
  }
  vi.stubGlobal('fetch', async (input: string, init: RequestInit = {}) => {
    if (dead || most === 0) return die()
    if (sent.length >= most) return never()
    const { pathname, search } = new URL(input)
    const table = /"table":"(\w+)"/.exec(String(init.body))?.[1] ?? ''
    sent.push(`${init.method ?? 'GET'} ${pathname} ${table}`.trimEnd())
    const last = sent.length === most
    const answered = send(pathname + search, init)
    running.push(answered)
    const response = await answered
    if (!last && !dead) return response
    await response.body?.cancel()
    return die()
  })
  return { sent, killed }
}

/** Something of every table. */
async function fill(): Promise<void> {
  for (const { publish: of, first, second } of samples) {
    for (const file of [first, second]) await answerTo(of(file))
  }
  await tokenOf('acme', { scopes: ['read'] })
  await changeFirstPackage()
  await env.DB.exec('UPDATE repository SET immutable = 1')
  await publish({ name: 'gone', version: '1-r0' })
  await answerOf(`${MAIN}/x86_64/gone-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
  const loose = '/api/packages/acme/generic/gone/1/x'
  await answerOf(loose, { method: 'PUT', headers: ADMIN, body: 'x' })
  await answerOf(loose, { method: 'DELETE', headers: ADMIN })
  // What a removal is charged for a week is in no backup.
  await env.DB.batch([
    env.DB.prepare(
      'UPDATE owner_usage SET metadata_bytes = metadata_bytes - (SELECT sum(bytes) FROM owner_removal)',
    ),
    env.DB.prepare('DELETE FROM owner_removal'),
  ])
  await env.DB.exec("INSERT INTO ended_session (id, expires_at) VALUES ('ended', 9999999999999)")
}

async function backUp(directory: BackupDirectory): Promise<Manifest> {
  const keepIndexes = async () => true
  const rows = await readSnapshot({ registry, progress: { add: () => {} }, keepIndexes })
  const objects = objectsOf(rows)
  const lists: string[] = []
  for (const object of objects) {
    expect(await fetchObject(registry, directory, object)).toBe(true)
    if (contentsKeyOf(object) && (await directory.hasContents(object.sha256)))
      lists.push(object.sha256)
  }
  const id = '20261127120000000'
  const manifest: Manifest = {
    ...{ format: 1, id, created_at: new Date(0).toISOString(), url },
    rows: { ...(await directory.writeRows(id, rows)), counts: countRows(rows) },
    lists: await directory.writeLists(id, lists),
    objects: { count: objects.length, bytes: 0 },
    lost: [],
  }
  await directory.writeManifest(manifest)
  return manifest
}

/** What clients and admins see: each file, the index, and what the owner uses. */
async function readAll() {
  const files = await Promise.all(
    [...samples.flatMap(({ first, second }) => [first.path, second.path]), INDEX].map(
      async (path) => {
        const response = await send(path)
        const bytes = Buffer.from(await response.arrayBuffer()).toString('base64')
        return [path, response.status, bytes]
      },
    ),
  )
  const usage = await env.DB.prepare('SELECT * FROM owner_usage').all()
  return { files, usage: usage.results }
}

async function loseAll(): Promise<void> {
  await loseRows()
  const { objects } = await env.BLOBS.list()
  await env.BLOBS.delete(objects.map(({ key }) => key))
  forgetWrites()
}

async function expectRestoring(): Promise<void> {
  const asked = [
    ...[
      samples[0]?.first.path ?? '',
      INDEX,
      '/acme',
      '/api/v1/owners/acme',
      '/api/v1/packages/acme',
    ],
  ].map((path) => answerOf(path, { headers: ADMIN }))
  const upload = answerOf(MAIN, { method: 'PUT', headers: ADMIN, body: 'x' })
  for (const { status, text } of await Promise.all([...asked, upload])) {
    expect(`${status} ${text}`).toMatch(/^503 .*a backup is being restored/s)
  }
  await expect(sweep(env.DB, env.BLOBS, Date.now() + 8 * 24 * 3600 * 1000)).rejects.toThrow(
    /being restored/,
  )
}

/** As `npm run check` does. */
async function expectGood(): Promise<void> {
  expect(JSON.parse((await answerOf('/api/healthz')).text).status).toBe('pass')
  for (let after: string | null = ''; after !== null; ) {
    const path: string = `/api/v1/deployment/check?after=${encodeURIComponent(after)}`
    const page: { problems: unknown[]; next: string | null } = await registry.ask(path)
    expect(page.problems).toEqual([])
    after = page.next
  }
  expect((await checkRepository()).flatMap(({ problems }) => problems)).toEqual([])
  await expectConsistent()
  expect(await listUnnamedObjects()).toEqual([])
}

beforeEach(async () => {
  await createOwner()
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

it('a restore that is killed at any of its requests is ended by the same command', async () => {
  await fill()
  connect()
  const directory = new BackupDirectory(await mkdtemp(join('/tmp', 'cairn-backup-')))
  const manifest = await backUp(directory)
  const before = await readAll()
  const run = () =>
    restore({ registry, directory, manifest, pageRows: 2 }, { adopt: false, skipDamaged: false })

  await loseAll()
  const { sent } = connect()
  expect(await run()).toBe(0)
  const all = [...sent]
  expect(all.at(-1)).toBe('POST /api/v1/deployment/restore/complete')
  for (const table of TABLES) expect(all).toContain(`${ROWS} ${table}`)
  for (let cut = 0; cut < all.length; cut++) {
    // The comparison only reads: of its requests the first and the last stand for the others.
    const reads = [all[cut - 2], all[cut - 1], all[cut]].every((each) => each?.startsWith('GET '))
    if (!reads) await killAfter(cut)
  }

  async function killAfter(cut: number): Promise<void> {
    const last = `after request ${cut}, ${all[cut - 1]}`
    await loseAll()
    const cutOff = connect(cut)
    const ended = await Promise.race([cutOff.killed, run().then(() => 'ended')])
    expect([ended, cutOff.sent.length], last).toEqual([undefined, cut])
    const restoring = await env.DB.prepare('SELECT restoring FROM deployment').first('restoring')
    expect(restoring, last).toBe(cut === 0 ? null : manifest.id)
    if (cut > 0) await expectRestoring()
    connect()
    expect(await run(), last).toBe(0)
    expect(await readAll(), last).toEqual(before)
    await expectGood()
  }
}, 600_000)

it('a restore that is killed before it hears that it has ended is told so by the same command', async () => {
  await publish()
  connect()
  const directory = new BackupDirectory(await mkdtemp(join('/tmp', 'cairn-backup-')))
  const options = { registry, directory, manifest: await backUp(directory) }
  const run = () => restore(options, { adopt: false, skipDamaged: false })
  await loseAll()
  const { sent } = connect()
  await run()
  const requests = sent.length
  await loseAll()
  const { killed } = connect(requests)
  expect(await Promise.race([killed, run()])).toBe(undefined)
  connect()
  await expect(run()).rejects.toThrow(/the database is not empty.* has ended: npm run check/)
  await expectGood()
})
