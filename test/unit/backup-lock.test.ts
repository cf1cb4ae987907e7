import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BackupDirectory } from '../../scripts/backup/directory.ts'
import { lockFolder, refuseWhileLocked } from '../../scripts/backup/lock.ts'

let root: string
const held = (more: object) =>
  JSON.stringify({ pid: 1, host: hostname(), started_at: 'noon', ...more })
const leave = (text: string) => writeFile(join(root, 'lock'), text)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cairn-lock-'))
})

afterEach(() => rm(root, { recursive: true }))

it('a folder is one backup’s at a time, which is named', async () => {
  const lock = await lockFolder(root)
  const named = new RegExp(`writes into the folder: process ${process.pid} on ${hostname()}\\.`)
  await expect(lockFolder(root)).rejects.toThrow(named)
  await expect(refuseWhileLocked(root)).rejects.toThrow(named)
  await lock.release()
  await refuseWhileLocked(root)
  expect(await readdir(root)).toEqual([])
})

it('of a process that ended without a word, and of one that was killed while it wrote, is taken over', async () => {
  const { pid } = spawnSync('true')
  for (const text of [held({ pid }), held({ pid }).slice(0, 10), '', 'null', '{}']) {
    await leave(text)
    await utimes(join(root, 'lock'), new Date(), new Date(Date.now() - 11_000))
    await refuseWhileLocked(root)
    const lock = await lockFolder(root)
    expect(JSON.parse(await readFile(join(root, 'lock'), 'utf8')).pid).toBe(process.pid)
    await lock.release()
    expect(await readdir(root)).toEqual([])
  }
})

it('that has no text yet keeps others out', async () => {
  await leave('')
  await expect(lockFolder(root)).rejects.toThrow(/began just now/)
})

it('of another machine’s process, and of another user’s, is left alone', async () => {
  for (const more of [{ host: 'elsewhere.example', pid: 2 ** 22 + 1 }, { pid: 1 }]) {
    await leave(held(more))
    await expect(lockFolder(root)).rejects.toThrow(
      /began at noon .* if it is no backup.* remove .*lock$/,
    )
    expect(await readFile(join(root, 'lock'), 'utf8')).toBe(held(more))
  }
})

it('is that of one of many who find a stale one at once', async () => {
  const { pid } = spawnSync('true')
  for (let round = 0; round < 200; round++) {
    await leave(held({ pid }))
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(root)))
    const locks = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
    expect(locks.length).toBeLessThanOrEqual(1)
    for (const lock of locks) await lock.release()
    await rm(join(root, 'lock'), { force: true })
    expect(await readdir(root)).toEqual([])
  }
})

it('what a backup left that broke off goes, and whole backups and objects stay', async () => {
  const directory = new BackupDirectory(root)
  const digest = 'ab'.repeat(32)
  const whole = [
    directory.objectFile(digest),
    directory.contentsFile(digest),
    ...['.json', '.jsonl.gz', '.lists.gz'].map(
      (end) => join(root, 'backups/20261127120000000') + end,
    ),
  ]
  const left = [
    `${directory.objectFile(digest)}.part-77`,
    `${directory.contentsFile(digest)}.part-1234567`,
    join(root, 'backups/20261127130000000.jsonl.gz'),
    join(root, 'backups/20261127130000000.lists.gz'),
    join(root, 'backups/20261127130000000.json.part-7'),
    join(root, '.writable-9'),
  ]
  for (const file of [...whole, ...left]) {
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, '{}')
  }
  await directory.removeLeftovers()
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  expect(files.map(({ parentPath, name }) => join(parentPath, name)).sort()).toEqual(whole.sort())
})
