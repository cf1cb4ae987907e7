import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Creation, createFile } from '../../src/core/packages/create.ts'
import { findRemovableFiles, removeFiles } from '../../src/core/packages/remove.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { failCalls } from '../support/worker/faults.ts'
import { NO_REST } from '../support/worker/near/no-rest.ts'
import { ADMIN, answerOf, createOwner, put } from '../support/worker/registry.ts'
import { wrap } from '../support/worker/stand-ins/wrapped.ts'
import { WRAPPED } from '../support/worker/stand-ins/wrapped-sample.ts'

// Names that stay taken when what had them is removed, as npm's do: by the stand-in whose publishes say so.

const publish = (content: string, { version = '1', name = 'tool' } = {}) =>
  put(wrap({ name, version }, new TextEncoder().encode(content)), `${WRAPPED}/new`)
const remove = (path: string) => answerOf(path, { method: 'DELETE', headers: ADMIN })

const TAKEN =
  'tool 1 was removed from acme/stand-in-wrapped, where names stay taken: publish the bytes that it had, or raise the version'

beforeEach(() => createOwner())

describe('the name of a version that was removed', () => {
  it('carries no other bytes, and its own again, however often', async () => {
    expect((await publish('one')).status).toBe(200)
    expect((await publish('one', { version: '2' })).status).toBe(200)
    for (let round = 0; round < 2; round++) {
      expect((await remove(`${WRAPPED}/tool/1`)).status).toBe(204)
      const { status, text } = await publish('other')
      expect(`${status} ${text}`).toBe(`409 ${TAKEN}`)
      expect((await publish('one')).status).toBe(200)
      // What is there stands in the way as ever.
      expect((await publish('other')).text).toMatch(/the version of tool 1 exists/)
    }
    expect((await publish('other', { version: '3' })).status).toBe(200)
    expect((await publish('other', { name: 'else' })).status).toBe(200)
    await expectConsistent()
  })

  it('goes with the owner alone', async () => {
    await publish('one')
    await remove(`${WRAPPED}/tool/1`)
    expect((await remove('/api/v1/owners/acme')).status).toBe(204)
    await createOwner()
    expect((await publish('other')).status).toBe(200)
    await expectConsistent()
  })

  it('is taken by the removal or by the publish, of many at once', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    for (let round = 0; round < 5; round++) {
      const version = String(round)
      await publish('one', { version })
      const answers = await Promise.all([
        remove(`${WRAPPED}/tool/${version}`),
        ...Array.from({ length: 6 }, (_, at) => publish(`other ${at}`, { version })),
      ])
      expect(answers.map(({ status }) => status)).toEqual([204, ...Array(6).fill(409)])
      expect((await publish('one', { version })).status).toBe(200)
    }
    await expectConsistent()
  })
})

describe('of versions that take further files', () => {
  const LIMITS = { files: 1e6, metadata_bytes: 1e9, file_bytes: 1e9, repositories: 10, tokens: 10 }
  let place: { ownerId: string; type: string }

  beforeEach(async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first('id'))
    place = { ownerId, type: 'generic' }
  })

  async function create(
    fileName: string,
    bytes: string,
    { creation = 'any-version' as Creation, db = env.DB } = {},
  ): Promise<string> {
    const digest = (length: number) => bytes.padStart(length, '0')
    const blob = {
      ...{ sha256: digest(64), sha1: digest(40), sha512: digest(128), md5: digest(32) },
      ...{ r2Key: `blobs/2026010100/${crypto.randomUUID()}`, size: 1, stagedAt: Date.now() },
    }
    const file = {
      ...{ changeId: crypto.randomUUID(), packageName: 'p', version: '1', fileName },
      ...{ architecture: '', compositeKey: '', metadata: '{}', properties: {}, createdBy: 'admin' },
      blob,
    }
    const rules = { creation, namesStayTaken: true } as const
    const bounds = { limits: LIMITS, rest: NO_REST }
    return (await createFile(db, { place, rules, file, ...bounds })).outcome
  }

  async function removeAll(fileName?: string, db = env.DB): Promise<void> {
    const selection = { packageName: 'p', version: '1', ...(fileName && { fileName }) }
    const files = await findRemovableFiles(env.DB, place, selection)
    const owner = {
      id: place.ownerId,
      name: 'acme',
      visibility: 'public',
      signingKey: null,
    } as const
    const { REPOSITORY: objects } = env
    await removeFiles({ db, objects, owner, type: 'generic', files, removedBy: 'admin' })
  }

  it('the name of each file is taken, and no other', async () => {
    for (const name of ['a', 'b']) expect(await create(name, '1')).toBe('created')
    await removeAll('a')
    expect(await create('a', '2')).toBe('version-retired')
    expect(await create('c', '2')).toBe('created')
    expect(await create('a', '1')).toBe('created')
    await removeAll()
    expect(await create('a', '2')).toBe('version-retired')
    expect(await create('d', '2')).toBe('created')
    // Where a version comes with its file, the version as a whole is taken.
    await removeAll()
    expect(await create('e', '9', { creation: 'new-version' })).toBe('version-retired')
    expect(await create('d', '2', { creation: 'new-version' })).toBe('created')
  })

  it('is taken whichever calls of the database fail in the removal', async () => {
    const moments = [undefined, 'before', 'after'] as const
    for (const one of moments) {
      for (const two of moments) {
        expect(await create('a', '1')).toBe('created')
        await removeAll(undefined, failCalls([one, two]))
        expect(await create('a', '2')).toBe('version-retired')
      }
    }
  })

  it('is refused for certain, or unknown, whichever calls of the database fail in the publish', async () => {
    expect(await create('a', '1')).toBe('created')
    await removeAll()
    const moments = [undefined, 'before', 'after'] as const
    for (const one of moments) {
      for (const two of moments) {
        const outcome = await create('a', '2', { db: failCalls([one, two]) })
        expect(['version-retired', 'unknown']).toContain(outcome)
        expect(await env.DB.prepare('SELECT count(*) AS n FROM package_file').first('n')).toBe(0)
      }
    }
    expect(await create('a', '1')).toBe('created')
  })
})
