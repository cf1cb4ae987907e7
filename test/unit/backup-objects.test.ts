import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { BackupDirectory } from '../../scripts/backup/directory.ts'
import { fetchObject } from '../../scripts/backup/objects.ts'
import { Registry } from '../../scripts/registry.ts'

it('an object whose connection breaks in the middle is asked for again', async () => {
  const bytes = Buffer.alloc(100_000, 'x')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.writeHead(200, { 'content-length': bytes.length })
    if (asked > 1) response.end(bytes)
    else response.write(bytes.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const root = await mkdtemp(join(tmpdir(), 'cairn-backup-'))
  try {
    const { port } = server.address() as AddressInfo
    const directory = new BackupDirectory(root)
    const object = { key: 'indexes/2026112712/x', sha256, size: bytes.length }
    const registry = new Registry(`http://127.0.0.1:${port}`, 'token')
    expect(await fetchObject(registry, directory, object)).toBe(true)
    expect(asked).toBe(2)
    expect(await directory.hasWholeObject(sha256, bytes.length)).toBe(true)
    const entries = await readdir(root, { recursive: true })
    expect(entries.filter((name) => name.includes('part'))).toEqual([])
  } finally {
    server.close()
    await rm(root, { recursive: true })
  }
})
