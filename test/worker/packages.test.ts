import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { stageUpload } from '../../src/core/blobs/stage.ts'
import { type Creation, createFile } from '../../src/core/packages/create.ts'
import type { NewFile } from '../../src/core/packages/new-file.ts'
import { findByProperty } from '../../src/core/packages/properties.ts'
import { limitsOf } from '../../src/env.ts'
import { readToEnd } from '../../src/formats/bytes.ts'
import { wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { NO_REST } from '../support/worker/near/no-rest.ts'
import { countRows, createOwner } from '../support/worker/registry.ts'

// The ways in which a file of a type without repositories can come about, whatever the type.

let ownerId = ''
const place = () => ({ ownerId, type: 'any' })
const BOUNDS = () => ({ limits: limitsOf(env), rest: NO_REST })

beforeEach(async () => {
  await createOwner()
  ownerId = (await env.DB.prepare('SELECT id FROM owner').first<string>('id')) ?? ''
})

async function fileOf(version: string, fileName: string, more: Partial<NewFile> = {}) {
  const { blob } = await stageUpload(env.BLOBS, {
    body: new Blob([`${version} ${fileName}`]).stream(),
    length: undefined,
    limits: { bodyBytes: 1000, stallMs: 1000, totalMs: 1000 },
    inspect: async (source) => ({ result: await readToEnd(source) }),
  })
  const file: NewFile = {
    changeId: crypto.randomUUID(),
    packageName: 'tool',
    version,
    fileName,
    architecture: '',
    compositeKey: '',
    metadata: '{}',
    properties: {},
    blob,
    createdBy: 'admin',
    ...more,
  }
  return file
}

async function create(creation: Creation, version: string, fileName: string, db = env.DB) {
  const file = await fileOf(version, fileName)
  return createFile(db, { place: place(), rules: { creation }, file, ...BOUNDS() })
}

describe('a file is created', () => {
  it('together with its version, which must not exist', async () => {
    expect(await create('new-version', '1', 'a')).toEqual({ outcome: 'created', duplicate: false })
    expect(await create('new-version', '1', 'b')).toEqual({ outcome: 'version-exists' })
    expect(await create('new-version', '1', 'a')).toEqual({ outcome: 'version-exists' })
    expect(await create('new-version', '2', 'a')).toMatchObject({ outcome: 'created' })
    expect(await countRows()).toMatchObject({ package: 1, package_version: 2, package_file: 2 })
    await expectConsistent()
  })

  it('in a new or an existing version', async () => {
    expect(await create('any-version', '1', 'a')).toMatchObject({ outcome: 'created' })
    expect(await create('any-version', '1', 'b')).toMatchObject({ outcome: 'created' })
    expect(await create('any-version', '1', 'a')).toEqual({ outcome: 'exists', sameBytes: true })
    expect(await countRows()).toMatchObject({ package: 1, package_version: 1, package_file: 2 })
    await expectConsistent()
  })

  it('in an existing version only', async () => {
    expect(await create('existing-version', '1', 'a')).toEqual({ outcome: 'version-absent' })
    expect(await countRows()).toMatchObject({ package: 0, package_version: 0, package_blob: 0 })
    await create('new-version', '1', 'a')
    expect(await create('existing-version', '1', 'b')).toMatchObject({ outcome: 'created' })
    expect(await create('existing-version', '2', 'b')).toEqual({ outcome: 'version-absent' })
    expect(await create('existing-version', '1', 'b')).toMatchObject({ outcome: 'exists' })
    await expectConsistent()
  })

  it('for one of many who make the version at once', async () => {
    const all = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => create('new-version', '1', name)),
    )
    const outcomes = all.map(({ outcome }) => outcome).sort()
    expect(outcomes).toEqual(['created', 'version-exists', 'version-exists', 'version-exists'])
    await expectConsistent()
  })

  it('not for an owner that is gone', async () => {
    await env.DB.prepare('DELETE FROM owner').run()
    expect(await create('any-version', '1', 'a')).toEqual({ outcome: 'ownerless' })
  })
})

describe('a batch whose answer is lost', () => {
  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
  })

  /** The real database, whose batches do what is asked around them. */
  const around = (batch: (run: () => Promise<D1Result[]>) => Promise<D1Result[]>) =>
    wrapMethod(env.DB, 'batch', ((statements: D1PreparedStatement[]) =>
      batch(() => env.DB.batch(statements))) as D1Database['batch'])

  it('is found by the file that it made', async () => {
    const db = around(async (run) => {
      await run()
      throw new Error('the answer was lost')
    })
    expect(await create('any-version', '1', 'a', db)).toEqual({
      outcome: 'created',
      duplicate: false,
    })
    expect((await countRows()).package_file).toBe(1)
  })

  it('makes everything after it uncertain, so that no bytes of it are dropped', async () => {
    let calls = 0
    const db = around(async (run) => {
      if (calls++ === 0) throw new Error('the answer was lost')
      await create('any-version', '1', 'a')
      return run()
    })
    expect(await create('any-version', '1', 'a', db)).toEqual({ outcome: 'unknown' })
  })

  it('does not bring back what was removed since, if it lands much later', async () => {
    let late: (() => Promise<unknown>) | undefined
    const db = around(async (run) => {
      late ??= run
      throw new Error('the answer was lost')
    })
    const now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(now - 31_000)
    expect(await create('any-version', '1', 'a', db)).toEqual({ outcome: 'unknown' })
    clock.mockRestore()
    await expect(late?.()).rejects.toThrow(/CHECK constraint failed/)
    expect((await countRows()).package_file).toBe(0)
  })
})

describe('properties', () => {
  const search = (name: string, value: string, limit = 10) =>
    findByProperty(env.DB, ownerId, { name, value }, limit)

  beforeEach(async () => {
    const properties = {
      package: [{ name: 'team', value: 'core' }],
      version: [{ name: 'channel', value: 'stable' }],
      file: [{ name: 'os', value: 'linux' }],
    }
    for (const name of ['a', 'b']) {
      const file = await fileOf('1', name, { properties })
      const rules = { creation: 'any-version' } as const
      await createFile(env.DB, { place: place(), rules, file, ...BOUNDS() })
    }
  })

  it('are found by name and value on package, version and file', async () => {
    const tool = { type: 'any', packageName: 'tool' }
    expect(await search('team', 'core')).toEqual([{ ...tool, version: null, fileId: null }])
    expect(await search('channel', 'stable')).toEqual([{ ...tool, version: '1', fileId: null }])
    const files = await search('os', 'linux')
    expect(files).toEqual([
      { ...tool, version: '1', fileId: expect.any(String) },
      { ...tool, version: '1', fileId: expect.any(String) },
    ])
    expect(new Set(files.map(({ fileId }) => fileId)).size).toBe(2)
    expect(await search('os', 'linux', 1)).toHaveLength(1)
    expect(await search('os', 'plan9')).toEqual([])
    expect(await findByProperty(env.DB, 'another', { name: 'os', value: 'linux' }, 9)).toEqual([])
  })

  it('are read by their index alone, and go with what they belong to', async () => {
    const { results } = await env.DB.prepare(
      `EXPLAIN QUERY PLAN SELECT 1 FROM package_property q
       WHERE q.owner_id = 'a' AND q.name = 'b' AND q.value = 'c'`,
    ).all<{ detail: string }>()
    expect(results.map(({ detail }) => detail).join()).toMatch(
      /^SEARCH q USING COVERING INDEX package_property_search \(owner_id=\? AND name=\? AND value=\?\)$/,
    )
    await env.DB.prepare("DELETE FROM package_file WHERE name = 'a'").run()
    expect(await search('os', 'linux')).toHaveLength(1)
    await env.DB.batch([
      env.DB.prepare('DELETE FROM package_file'),
      env.DB.prepare('DELETE FROM package'),
    ])
    expect(await env.DB.prepare('SELECT count(*) AS n FROM package_property').first('n')).toBe(0)
  })
})
