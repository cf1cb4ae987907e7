import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, listKeys } from '../support/worker/registry.ts'
import { checkRepository, MAIN, publish } from '../types/alpine/repository.ts'

const CHECK = '/api/v1/deployment/check'
const REPOSITORY = '/api/v1/owners/acme/repositories/alpine/edge/main/check'

/** `subject: problem` of every problem of all pages, and how many files were looked at. */
async function check(): Promise<{ lines: string[]; files: number }> {
  const lines: string[] = []
  let files = 0
  for (let after: string | null = ''; after !== null; ) {
    const query: string = `?after=${encodeURIComponent(after)}`
    const { status, text } = await answerOf(CHECK + query, { headers: ADMIN })
    expect(status).toBe(200)
    const page = JSON.parse(text)
    files += page.files_checked
    for (const { subject, problem } of page.problems) lines.push(`${subject}: ${problem}`)
    after = page.next
  }
  return { lines, files }
}

const post = async (path: string) => {
  const { status, text } = await answerOf(path, { method: 'POST', headers: ADMIN })
  expect(`${status} ${text}`).toMatch(/^200 /)
  return JSON.parse(text)
}

const indexProblems = async () =>
  (await checkRepository()).flatMap((page) =>
    page.problems.map(({ subject, problem }) => `${subject}: ${problem}`),
  )

const putGeneric = async (name: string) => {
  const path = `/api/packages/acme/generic/p/1/${name}`
  const { status } = await answerOf(path, {
    method: 'PUT',
    headers: ADMIN,
    body: `bytes of ${name}`,
  })
  expect(status).toBe(201)
}

beforeEach(() => createOwner())

it('a sound deployment has no problems, over all pages', async () => {
  await publish({ name: 'hello', version: '1-r0' })
  for (let at = 0; at < 105; at++) await putGeneric(`f${at}`)
  expect(await check()).toEqual({ lines: [], files: 105 })
})

it('an object of a file of no repository that is missing, or has other bytes, is named', async () => {
  await putGeneric('a')
  await putGeneric('b')
  const [first = '', second = ''] = await listKeys('blobs/')
  await env.BLOBS.delete(first)
  await env.BLOBS.put(second, 'other')
  const { lines } = await check()
  expect(lines).toEqual([
    expect.stringMatching(/^acme\/generic\/p\/1\/a: missing object/),
    expect.stringMatching(/^acme\/generic\/p\/1\/b: wrong digest/),
  ])
})

it('rows that nothing belongs to are named, and put right', async () => {
  await publish({ name: 'kept', version: '1-r0' })
  await putGeneric('lost')
  await env.DB.batch(
    [
      "DELETE FROM package_file WHERE name = 'lost'",
      'UPDATE package_blob SET unreferenced_at = 1 WHERE sha256 IN (SELECT blob_sha256 FROM package_file)',
      "UPDATE package_version SET withdrawn = 1 WHERE version = '1-r0'",
      'UPDATE owner_usage SET files = 7',
    ].map((sql) => env.DB.prepare(sql)),
  )
  const { lines } = await check()
  expect(lines).toEqual([
    'acme/generic/p/1: version without a file',
    'acme/alpine/kept/1-r0: version that is withdrawn other than the marks of its files say',
    expect.stringMatching(/^[0-9a-f]{64}: content without a file, which is not noted/),
    expect.stringMatching(/^[0-9a-f]{64}: content of a file, which is noted as one without/),
    'acme: owner with other counts of what it has than its rows say',
  ])
  expect((await post(CHECK)).rows_changed).toBeGreaterThanOrEqual(6)
  expect((await check()).lines).toEqual([])
  expect(await env.DB.prepare('SELECT files FROM owner_usage').first('files')).toBe(1)
  expect(await env.DB.prepare('SELECT count(*) AS n FROM package').first('n')).toBe(1)
})

it('live objects that are noted as garbage stay, are named, and stand in the way of nothing', async () => {
  await publish({ name: 'kept', version: '1-r0' })
  const keys = await listKeys('')
  const note = `INSERT INTO garbage SELECT r2_key, 1 FROM package_blob
    UNION ALL SELECT r2_key, 1 FROM repository_index`
  await env.DB.prepare(note).run()
  expect(await sweep(env.DB, env.BLOBS, Date.now())).toMatchObject({ deleted: 0 })
  expect(await listKeys('')).toEqual(keys)
  expect((await check()).lines).toEqual(
    Array(3).fill(expect.stringMatching(/^(?:blobs|indexes)\/.*: object that a row names, which/)),
  )
  await publish({ name: 'next', version: '1-r0' })
  await post(CHECK)
  expect((await check()).lines).toEqual([])
  await expectConsistent()
})

it('metadata that cannot be read is named', async () => {
  await publish({ name: 'one', version: '1-r0' })
  await publish({ name: 'two', version: '1-r0' })
  await env.DB.prepare("UPDATE package_file SET metadata = 'x' WHERE name LIKE 'one%'").run()
  expect(await indexProblems()).toEqual([
    expect.stringMatching(/^x86_64\/APKINDEX\.tar\.gz: .*one-1-r0\.apk/),
  ])
})

it('index files come back from the rows: lost, damaged, without a row, or by a wrong copy', async () => {
  await publish({ name: 'one', version: '1-r0' })
  await publish({ name: 'two', version: '1-r0', arch: 'aarch64' })
  // The object's copy has an entry that no row has; by it alone every index would be wrong again.
  const owner = await env.DB.prepare("SELECT id FROM owner WHERE name = 'acme'").first<string>('id')
  const stub = env.REPOSITORY.getByName(`${owner}/alpine/edge/main`)
  await runInDurableObject(stub, async (_, state) => {
    state.storage.sql.exec('DELETE FROM segment')
  })
  await env.BLOBS.delete(await listKeys('indexes/'))
  await env.DB.prepare("DELETE FROM repository_index WHERE path LIKE 'aarch64/%'").run()
  expect((await indexProblems()).sort()).toEqual([
    'aarch64: no index file: the packages are listed nowhere',
    expect.stringMatching(/^noarch\/APKINDEX\.tar\.gz: missing object/),
    expect.stringMatching(/^x86_64\/APKINDEX\.tar\.gz: missing object/),
  ])
  expect(await post(REPOSITORY)).toEqual({ revision: 3 })
  expect(await indexProblems()).toEqual([])
  await expectConsistent()
  await publish({ name: 'three', version: '1-r0' })
  expect(await indexProblems()).toEqual([])
})

it('the repair of a repository that is not there is 404', async () => {
  const path = REPOSITORY.replace('edge/main', 'edge/none')
  const { status } = await answerOf(path, { method: 'POST', headers: ADMIN })
  expect([status, MAIN.includes('edge/main')]).toEqual([404, true])
})
