import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { sweep, UNREFERENCED_MS } from '../../src/core/blobs/sweep.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  listKeys,
  put,
} from '../support/worker/registry.ts'
import { FORM_TYPE } from '../support/worker/stand-ins/form.ts'

// Files whose name is taken again and again, as Maven's metadata is, shown by a stand-in.

const FILE = `/api/packages/acme/${FORM_TYPE}/tool/1/metadata.xml`

beforeEach(() => createOwner())

const replace = (text: string) => put(new TextEncoder().encode(text), FILE)
const read = async () => (await answerOf(FILE)).text
const used = () =>
  env.DB.prepare('SELECT files, file_bytes FROM owner_usage').first<Record<string, number>>()

describe('a file that replaces', () => {
  it('takes the place of the one before, in rows, bytes and what its owner has', async () => {
    expect((await replace('one')).status).toBe(201)
    expect((await replace('three')).status).toBe(201)
    expect(await read()).toBe('three')
    expect(await countRows()).toMatchObject({ package_version: 1, package_file: 1 })
    expect(await used()).toEqual({ files: 1, file_bytes: 5 })
    await expectConsistent()
    await sweep(env.DB, env.BLOBS, Date.now() + UNREFERENCED_MS + 5 * 60 * 60 * 1000)
    expect((await listKeys()).filter((key) => key.startsWith('blobs/'))).toHaveLength(1)
    expect(await read()).toBe('three')
  })

  it('may have the bytes of the one before', async () => {
    await replace('one')
    expect((await replace('one')).status).toBe(201)
    expect(await read()).toBe('one')
    expect(await used()).toEqual({ files: 1, file_bytes: 3 })
    await expectConsistent()
  })

  it('fits where the one before made room', async () => {
    await replace('12345678')
    override({ OWNER_FILES: 1, OWNER_FILE_BYTES: 10 })
    expect((await replace('abcdefghi')).status).toBe(201)
    expect((await replace('abcdefghijk')).status).toBe(413)
    expect(await read()).toBe('abcdefghi')
    await expectConsistent()
  })

  it('is one of many at once, of which each is answered and one stays', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const texts = Array.from({ length: 8 }, (_, at) => `content ${at}`)
    const all = await Promise.all(texts.map(replace))
    expect(all.map(({ status }) => status)).toEqual(texts.map(() => 201))
    expect(texts).toContain(await read())
    expect(await countRows()).toMatchObject({ package_version: 1, package_file: 1 })
    await expectConsistent()
  })

  const losing = (meanwhile: () => Promise<unknown>, first: 'lands' | 'is lost') => {
    let lost = false
    const batch = async (statements: D1PreparedStatement[]) => {
      if (lost) return env.DB.batch(statements)
      lost = true
      if (first === 'lands') await env.DB.batch(statements)
      override({ DB: env.DB })
      await meanwhile()
      override({ DB: wrapMethod(env.DB, 'batch', batch as D1Database['batch']) })
      throw new Error('the answer was lost')
    }
    override({ DB: wrapMethod(env.DB, 'batch', batch as D1Database['batch']) })
  }

  it.each(['lands', 'is lost'] as const)(
    'undoes no later one where its answer is lost: the first try %s',
    async (first) => {
      vi.spyOn(console, 'error').mockImplementation(() => {})
      await replace('before')
      losing(() => replace('later'), first)
      expect((await replace('mine')).status).toBe(503)
      expect(await read()).toBe('later')
      await expectConsistent()
    },
  )

  it.each(['lands', 'is lost'] as const)(
    'is there where its answer is lost and nobody came: the first try %s',
    async (first) => {
      vi.spyOn(console, 'error').mockImplementation(() => {})
      await replace('before')
      losing(async () => {}, first)
      expect((await replace('mine')).status).toBe(201)
      expect(await read()).toBe('mine')
      await expectConsistent()
    },
  )

  it('does not bring back what was removed meanwhile', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await replace('before')
    losing(() => answerOf(FILE, { method: 'DELETE', headers: ADMIN }), 'lands')
    expect((await replace('mine')).status).toBe(503)
    expect((await answerOf(FILE)).status).toBe(404)
  })
})
