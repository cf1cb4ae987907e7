import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BackupDirectory, type Manifest } from '../../scripts/backup/directory.ts'
import { contentsKeyOf, objectOf } from '../../scripts/backup/objects.ts'
import { type Rows, TABLES } from '../../scripts/backup/rows.ts'

let root: string
let directory: BackupDirectory

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cairn-backup-'))
  directory = new BackupDirectory(root)
})

afterEach(() => rm(root, { recursive: true }))

const digest = 'ab'.repeat(32)
const noRows = Object.fromEntries(TABLES.map((table) => [table, []])) as unknown as Rows

async function put(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}

async function writeBackup(id: string): Promise<Manifest> {
  const manifest: Manifest = {
    format: 1,
    id,
    created_at: new Date(0).toISOString(),
    url: 'https://cairn.example',
    rows: { ...(await directory.writeRows(id, noRows)), counts: {} },
    lists: await directory.writeLists(id, [digest]),
    objects: { count: 0, bytes: 0 },
    lost: [],
  }
  await directory.writeManifest(manifest)
  return manifest
}

it('a backup is the newest although the clock went back', async () => {
  const noon = new Date('2026-11-27T12:00:00.000Z')
  expect(await directory.nextId(noon)).toBe('20261127120000000')
  await writeBackup('20261127235959999')
  const id = await directory.nextId(noon)
  await writeBackup(id)
  await put(join(root, 'backups', 'zz.json'), '{}')
  expect(await directory.list()).toEqual(['20261127235959999', id])
})

it('a manifest that is damaged, or that of another backup, is told by its file', async () => {
  const manifest = await writeBackup('20261127120000000')
  expect(await directory.readManifest(manifest.id)).toEqual(manifest)
  expect(await directory.readLists(manifest)).toEqual(new Set([digest]))
  const file = join(root, 'backups', `${manifest.id}.json`)
  await cp(file, join(root, 'backups', '20261127120000001.json'))
  await expect(directory.readManifest('20261127120000001')).rejects.toThrow(/1\.json is damaged/)
  for (const text of ['', '{}', 'null', '{"format":1', `{"format":1,"id":"${manifest.id}"}`]) {
    await writeFile(file, text)
    await expect(directory.readManifest(manifest.id)).rejects.toThrow(/0\.json is damaged/)
  }
  await writeFile(join(root, 'backups', `${manifest.id}.lists.gz`), gzipSync('x\n'))
  await expect(directory.readLists(manifest)).rejects.toThrow(/lists\.gz is damaged/)
})

it('rows come back whatever characters they have, and a line that differs is found', async () => {
  const odd = [
    'a\u2028b\u2029c',
    'a\nb\rc\r\nd',
    '\u0085\ufeff',
    '\u{1f600}'.repeat(40_000),
    '\ud800',
  ]
  const owner = odd.map((name, at) => ({ id: `${at}`, name }))
  const rows = { ...noRows, owner }
  const manifest = await writeBackup('20261127120000000')
  const written = {
    ...manifest,
    rows: { ...(await directory.writeRows(manifest.id, rows)), counts: {} },
  }
  expect((await directory.readRows(written)).owner).toEqual(owner)
  expect(await directory.findOtherLine(written, rows)).toBe(undefined)
  const [first, second] = owner
  for (const [others, line] of [
    [[first, { ...second, name: 'other' }, ...owner.slice(2)], 2],
    [owner.slice(0, -1), owner.length],
    [[...owner, first], owner.length + 1],
  ] as const) {
    expect(await directory.findOtherLine(written, { ...noRows, owner: others } as never)).toBe(line)
  }
})

it('a list that is missing, cut or changed is not whole', async () => {
  const file = directory.contentsFile(digest)
  expect(await directory.hasWholeContents(digest)).toBe(false)
  const list = gzipSync(Array.from({ length: 500 }, (_, at) => `${at * 7919}`).join('\n'))
  await put(file, list)
  expect(await directory.hasWholeContents(digest)).toBe(true)
  for (let at = 10; at < list.length; at += 97) {
    const changed = await readFile(file)
    changed[at] = (changed[at] ?? 0) ^ 1
    await put(file, changed)
    expect(await directory.hasWholeContents(digest)).toBe(false)
    await put(file, list)
  }
  for (const length of [0, 100, list.length - 1]) {
    await truncate(file, length)
    expect(await directory.hasWholeContents(digest)).toBe(false)
    await put(file, list)
  }
})

it('an object is whole by its size and its digest, and a link to what never ends is not', async () => {
  const sha256 = '5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9'
  await put(directory.objectFile(sha256), '0')
  expect(await directory.hasWholeObject(sha256, 1)).toBe(true)
  expect(await directory.hasWholeObject(sha256, 2)).toBe(false)
  await put(directory.objectFile(sha256), '1')
  expect(await directory.hasWholeObject(sha256, 1)).toBe(false)
  await rm(directory.objectFile(sha256))
  await symlink('/dev/zero', directory.objectFile(sha256))
  expect(await directory.hasWholeObject(sha256, 1)).toBe(false)
  await rm(directory.objectFile(sha256))
  await mkdir(directory.objectFile(sha256))
  expect(await directory.hasWholeObject(sha256, 4096)).toBe(false)
})

it('no row names a file outside of the folder', () => {
  const row = { r2_key: 'blobs/2026112712/x', sha256: digest, size: 1 }
  const object = objectOf(row)
  expect(object).toEqual({ key: row.r2_key, sha256: digest, size: 1 })
  expect(contentsKeyOf(object)).toBe('contents/2026112712/x')
  for (const sha256 of ['../../../../etc/passwd', digest.toUpperCase(), `${digest}/..`, null]) {
    expect(() => objectOf({ ...row, sha256 })).toThrow(/has no SHA-256/)
  }
})
