// The disk of a backup is full at each of its writes in turn. Nothing that was there is harmed, and the next
// run, which has room, completes.
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BackupDirectory } from '../../scripts/backup/directory.ts'
import { objectsOf } from '../../scripts/backup/objects.ts'
import { createOwner } from '../support/clients/registry.ts'
import { type Finished, run } from '../support/clients/run.ts'
import {
  createServerState,
  type Server,
  startServer,
  wranglerEnvironment,
} from '../support/clients/server.ts'
import { buildApk } from '../types/alpine/builder.ts'

const FULL_DISK = fileURLToPath(new URL('../support/clients/full-disk.ts', import.meta.url).href)

let server: Server
let root: string

beforeAll(async () => {
  server = await startServer(await createServerState())
  root = await mkdtemp(join(tmpdir(), 'cairn-full-disk-'))
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(root, { recursive: true })
})

/** @param writes as many as the disk has room for; all of them unless it is said */
function backUp(folder: string, writes?: number): Promise<Finished> {
  const project = join(server.state.directory, 'project')
  const full = writes === undefined ? [] : ['--import', FULL_DISK]
  return run(process.execPath, [...full, join(project, 'scripts/backup.ts'), folder], {
    cwd: project,
    env: {
      ...wranglerEnvironment(server.state.directory),
      ...{ URL: server.url, TOKEN: server.adminToken, FULL_AFTER: String(writes) },
    },
  })
}

/** By their paths in the folder. */
async function readFiles(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const read = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name)
    return [relative(folder, path), await readFile(path, 'base64')] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

/** As a restore reads it, before it sends anything. */
async function expectRestorable(folder: string): Promise<string[]> {
  const directory = new BackupDirectory(folder)
  const ids = await directory.list()
  for (const id of ids) {
    const manifest = await directory.readManifest(id)
    const lists = await directory.readLists(manifest)
    for (const sha256 of lists ?? []) expect(await directory.hasWholeContents(sha256)).toBe(true)
    const objects = objectsOf(await directory.readRows(manifest))
    expect(objects).toHaveLength(manifest.objects.count)
    for (const { sha256, size } of objects) {
      expect(await directory.hasWholeObject(sha256, size)).toBe(true)
    }
  }
  return ids
}

it('a full disk harms no backup, wherever it is full, and the next run completes', async () => {
  const owner = await createOwner(server, 'public')
  await owner.mustPublish('edge/main', buildApk({ name: 'first', version: '1-r0' }))
  const earlier = join(root, 'earlier')
  expect((await backUp(earlier)).code).toBe(0)
  const ids = await expectRestorable(earlier)
  expect(ids).toHaveLength(1)
  await owner.mustPublish('edge/main', buildApk({ name: 'second', version: '1-r0' }))

  let writes = 0
  for (; await isFullAfter(writes); writes++);
  expect(writes).toBeGreaterThan(10)

  async function isFullAfter(room: number): Promise<boolean> {
    const folder = join(root, `${room}`)
    await cp(earlier, folder, { recursive: true })
    const ended = await backUp(folder, room)
    if (ended.code !== 0) await expectHarmless(folder, room, ended)
    const next = ended.code === 0 ? ended : await backUp(folder)
    expect(`${next.code} ${next.stderr}`).toMatch(/^0 /)
    expect(await expectRestorable(folder)).toHaveLength(2)
    return ended !== next
  }

  async function expectHarmless(folder: string, room: number, { code, stdout, stderr }: Finished) {
    const place = `room for ${room} writes: ${stderr}`
    expect([code, stdout], place).toEqual([1, ''])
    const errors = stderr.split('\n').filter((line) => !/^(?:objects|rows) |^$/.test(line))
    expect(errors, place).toEqual([
      expect.stringMatching(/^npm run backup: the disk of .* is full: .*ENOSPC/),
    ])
    const [before, after] = [await readFiles(earlier), await readFiles(folder)]
    expect(after, place).toMatchObject(before)
    // What came are whole objects: the next run need not fetch them again.
    for (const name of Object.keys(after).filter((each) => before[each] === undefined)) {
      expect(name, place).toMatch(/^(?:objects|contents)\/..\/[0-9a-f]{64}$/)
    }
    expect(await expectRestorable(folder), place).toEqual(ids)
  }
})
