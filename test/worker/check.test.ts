import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { loadKeySet } from '../../src/core/signing-keys.ts'
import { override } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner, send } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { checkRepository, MAIN, publish } from '../types/alpine/repository.ts'

const CHECK = '/api/v1/owners/acme/repositories/alpine/edge/main/check'

/** `subject: problem` of every problem, sorted. */
const problems = async () => {
  const found = (await checkRepository()).flatMap((page) => page.problems)
  return found.map(({ subject, problem }) => `${subject}: ${problem}`).sort()
}

beforeEach(async () => {
  await createOwner()
  await publish({ name: 'native', version: '1-r0', arch: 'x86_64' })
  await publish({ name: 'native', version: '1-r0', arch: 'aarch64' })
  await publish({ name: 'script', version: '1-r0', arch: 'noarch' })
})

it('a sound repository has no problems', async () => {
  const counts = (await checkRepository()).map(({ indexes_checked, files_checked }) => [
    indexes_checked,
    files_checked,
  ])
  // An index file each, then the package files.
  expect(counts).toEqual([
    [1, 0],
    [1, 0],
    [1, 0],
    [0, 3],
  ])
  for (const page of await checkRepository()) {
    expect(page).toMatchObject({ revision: 3, changed_meanwhile: false, problems: [] })
  }
})

describe('a planted fault is named', () => {
  const replaceObject = async (table: string, where: string, bytes: Uint8Array | null) => {
    const key = await env.DB.prepare(`SELECT r2_key FROM ${table} WHERE ${where}`).first<string>(
      'r2_key',
    )
    if (bytes === null) await env.BLOBS.delete(key ?? '')
    else await env.BLOBS.put(key ?? '', bytes)
  }
  const blobOf = (file: string, architecture = 'x86_64') =>
    `sha256 = (SELECT blob_sha256 FROM package_file WHERE name = '${file}' AND architecture = '${architecture}')`

  it('row without object, of a package and of an index', async () => {
    await replaceObject('package_blob', blobOf('native-1-r0.apk'), null)
    await replaceObject('repository_index', "path LIKE 'aarch64/%'", null)
    expect(await problems()).toEqual([
      'aarch64/APKINDEX.tar.gz: missing object: the row names one that is not in the store',
      'x86_64/native-1-r0.apk: missing object: the row names one that is not in the store',
    ])
  })

  it('wrong digest, of a package and of an index', async () => {
    await replaceObject('package_blob', blobOf('native-1-r0.apk'), new Uint8Array(10))
    await replaceObject('repository_index', "path LIKE 'aarch64/%'", new Uint8Array(10))
    expect(await problems()).toEqual([
      expect.stringMatching(/^aarch64\/APKINDEX\.tar\.gz: wrong digest: the object has 10 bytes/),
      expect.stringMatching(/^x86_64\/native-1-r0\.apk: wrong digest: the object has 10 bytes/),
    ])
  })

  it('a damaged list of what a package holds', async () => {
    const where = blobOf('native-1-r0.apk')
    const select = `SELECT r2_key FROM package_blob WHERE ${where}`
    const key = (await env.DB.prepare(select).first<string>('r2_key')) ?? ''
    const list = await new Response(
      new Blob(['{}\n'.repeat(100)]).stream().pipeThrough(new CompressionStream('gzip')),
    ).arrayBuffer()
    await env.BLOBS.put(key.replace('blobs', 'contents'), list)
    expect(await problems()).toEqual([])
    const cut = key.replace('blobs', 'contents')
    await env.BLOBS.delete(cut)
    await env.BLOBS.put(cut, list.slice(0, list.byteLength - 5))
    expect(await problems()).toEqual([
      'x86_64/native-1-r0.apk: damaged list of what it holds: its pages cannot show the files',
    ])
  })

  it('entry without row', async () => {
    await env.DB.prepare("DELETE FROM package_file WHERE name = 'script-1-r0.apk'").run()
    expect(await problems()).toEqual(
      ['aarch64', 'noarch', 'x86_64'].map(
        (architecture) =>
          `${architecture}/APKINDEX.tar.gz: entry without row: noarch/script-1-r0.apk`,
      ),
    )
  })

  it('row without entry', async () => {
    await env.DB.prepare(
      `INSERT INTO package_file (id, version_id, repository_id, composite_key, architecture, part, name,
         blob_sha256, metadata, created_by, created_at)
       SELECT 'planted', version_id, repository_id, composite_key, architecture, part,
         'planted-1-r0.apk', blob_sha256, metadata, created_by, created_at
       FROM package_file WHERE architecture = 'aarch64'`,
    ).run()
    expect(await problems()).toEqual([
      'aarch64/APKINDEX.tar.gz: row without entry: aarch64/planted-1-r0.apk',
    ])
  })

  it('entry that differs from its row', async () => {
    await env.DB.prepare(
      `UPDATE package_file SET metadata = json_set(metadata, '$.identity', 'Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=')
       WHERE architecture = 'x86_64'`,
    ).run()
    expect(await problems()).toEqual([
      'x86_64/APKINDEX.tar.gz: entry differs from row: x86_64/native-1-r0.apk',
    ])
  })

  it('bad signature: of another key, and of none', async () => {
    // Today's keys are others than those that signed, and the rows say that they did.
    override({ SIGNING_KEY: env.OTHER_SIGNING_KEY })
    const secret = (name: string) => (name === 'SIGNING_KEY' ? env.OTHER_SIGNING_KEY : undefined)
    const { id } = loadKeySet(secret, null, 'acme')
    await env.DB.prepare('UPDATE repository_index SET key_set = ?').bind(id).run()
    const found = await problems()
    expect(found.filter((line) => line.includes('bad signature: none of RSA256 by'))).toHaveLength(
      3,
    )
    expect(found.filter((line) => line.includes('no current key'))).toHaveLength(6)
  })

  it('bad signature: bytes that it does not cover', async () => {
    const index = await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)
    const other = await send(`${MAIN}/aarch64/APKINDEX.tar.gz`)
    const [own, foreign] = [await bytesOf(index), await bytesOf(other)]
    // Signatures of the one, contents of the other: both of one length up to the second member.
    const start = (bytes: Uint8Array) =>
      bytes.findIndex(
        (_, at) => at > 100 && bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 8,
      )
    const mixed = new Uint8Array([
      ...own.subarray(0, start(own)),
      ...foreign.subarray(start(foreign)),
    ])
    await replaceObject('repository_index', "path LIKE 'x86_64/%'", mixed)
    const hex = [...new Uint8Array(await crypto.subtle.digest('SHA-256', mixed))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
    await env.DB.prepare(
      "UPDATE repository_index SET sha256 = ?, size = ? WHERE path LIKE 'x86_64/%'",
    )
      .bind(hex, mixed.length)
      .run()
    expect(await problems()).toEqual([
      expect.stringMatching(
        /^x86_64\/APKINDEX\.tar\.gz: bad signature: that of RSA by .* does not hold$/,
      ),
      expect.stringMatching(
        /^x86_64\/APKINDEX\.tar\.gz: bad signature: that of RSA256 by .* does not hold$/,
      ),
      'x86_64/APKINDEX.tar.gz: entry without row: aarch64/native-1-r0.apk',
      'x86_64/APKINDEX.tar.gz: row without entry: x86_64/native-1-r0.apk',
    ])
  })

  async function bytesOf(response: Response): Promise<Uint8Array> {
    return new Uint8Array(await response.arrayBuffer())
  }
})

it('indexes that wait to be signed by new keys have no problems', async () => {
  override({ SIGNING_KEY: env.OTHER_SIGNING_KEY })
  expect(await problems()).toEqual([])
  await env.DB.prepare("DELETE FROM package_file WHERE architecture = 'aarch64'").run()
  expect(await problems()).toEqual([
    'aarch64/APKINDEX.tar.gz: entry without row: aarch64/native-1-r0.apk',
  ])
})

it('many files are checked page by page, each once', async () => {
  const names = Array.from({ length: 120 }, (_, at) => `p${at}`)
  await Promise.all(
    names.map((name) =>
      answerOf(MAIN, { method: 'PUT', headers: ADMIN, body: buildApk({ name, version: '1-r0' }) }),
    ),
  )
  const files = (await checkRepository()).slice(3)
  expect(files.map((page) => [page.files_checked, page.problems])).toEqual([
    [100, []],
    [23, []],
  ])
})

it('a repository that is not there is 404', async () => {
  for (const name of ['edge/other', 'edge/ma%20in']) {
    const path = CHECK.replace('edge/main', name)
    const { status, text } = await answerOf(path, { headers: ADMIN })
    expect(status).toBe(404)
    expect(text).toContain(`no such repository: \\"acme/${decodeURIComponent(name)}\\"`)
  }
})
