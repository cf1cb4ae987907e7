import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, listKeys } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { checkRepository, MAIN, publish } from '../types/alpine/repository.ts'
import { cargo } from '../types/cargo/sample.ts'

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

it('a damaged or lost list of what a package holds is made anew from its bytes, and whole ones stay', async () => {
  const content = new Uint8Array(70_000)
  const files = [{ path: 'usr/bin/a', content }]
  // Of long packages the list lies beside the bytes.
  for (const name of ['cut', 'lost', 'whole']) {
    await publish({ name, version: '1-r0', files, gzip: { level: 0 } })
  }
  expect((await answerTo(cargo.publish(cargo.large))).status).toBe(200)
  await putGeneric('a')
  const lists = await listKeys('contents/')
  expect(lists).toHaveLength(4)
  const read = async (key: string) => [
    ...new Uint8Array((await (await env.BLOBS.get(key))?.arrayBuffer()) ?? []),
  ]
  const before = await Promise.all(lists.map(read))
  const [cut = '', lost = '', whole = '', crate = ''] = lists
  await env.BLOBS.put(cut, new Uint8Array(before[0]?.slice(0, 30) ?? []))
  await env.BLOBS.delete(lost)
  await env.BLOBS.put(crate, 'no gzip')
  const kept = await env.BLOBS.head(whole)
  const damaged = () =>
    check().then(({ lines }) => lines.filter((line) => /damaged list/.test(line)))
  expect(await damaged()).toHaveLength(1)
  expect(await indexProblems()).toEqual([expect.stringMatching(/cut-1-r0\.apk: damaged list/)])
  const repaired = { files_checked: 5, lists_made: 3, problems: [], next: null }
  // R2 takes one write of a key in a second.
  await scheduler.wait(1_100)
  expect(await post(`${CHECK}/lists`)).toEqual(repaired)
  expect(await Promise.all(lists.map(read))).toEqual(before)
  expect((await env.BLOBS.head(whole))?.version).toBe(kept?.version)
  expect([await damaged(), await indexProblems()]).toEqual([[], []])
  // Bytes that are damaged themselves say nothing.
  await env.BLOBS.put(cut.replace('contents', 'blobs'), 'x')
  await env.BLOBS.delete(cut)
  expect(await post(`${CHECK}/lists`)).toMatchObject({
    ...{ lists_made: 0, next: null },
    problems: [
      {
        subject: 'acme/alpine/cut/1-r0/cut-1-r0.apk',
        problem: expect.stringMatching(/^wrong digest/),
      },
    ],
  })
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

it('states, tags and collections that are wrong are named and put right; lost properties are named', async () => {
  await publish({ name: 'kept', version: '1-r0', info: { depend: ['so:libc.so', 'cmd:sh'] } })
  await putGeneric('a')
  await answerOf('/api/packages/acme/generic/other/1/b', {
    method: 'PUT',
    headers: ADMIN,
    body: 'b',
  })
  expect((await check()).lines).toEqual([])
  await env.DB.batch(
    [
      `INSERT INTO package_tag (package_id, name, version_id)
       SELECT p.id, 'latest', v.id FROM package p, package_version v
       WHERE p.name = 'p' AND v.package_id <> p.id LIMIT 1`,
      "UPDATE package SET state = '' WHERE name = 'p'",
      'DELETE FROM package_collection',
      "DELETE FROM package_property WHERE value = 'cmd:sh'",
    ].map((sql) => env.DB.prepare(sql)),
  )
  const lost = expect.stringMatching(
    /^acme\/alpine\/kept\/1-r0\/kept-1-r0\.apk: file of which names/,
  )
  expect((await check()).lines).toEqual([
    'acme/generic/p: latest: tag that points at a version of another package',
    'acme/generic/p: package without a state, by which caches know it',
    'acme/generic: collection of packages without a row, by which caches know it',
    lost,
    'acme: owner with other counts of what it has than its rows say',
  ])
  await post(CHECK)
  expect((await check()).lines).toEqual([lost])
  const states = 'SELECT state FROM package UNION ALL SELECT state FROM package_collection'
  const { results } = await env.DB.prepare(states).all<{ state: string }>()
  for (const { state } of results) expect(state).toMatch(/^[0-9a-f]{32}$/)
  await env.DB.prepare("UPDATE package_collection SET state = ''").run()
  expect((await check()).lines).toEqual([
    'acme/generic: collection of packages without a state, by which caches know it',
    lost,
  ])
  await post(CHECK)
  expect((await check()).lines).toEqual([lost])
})

it('answers that are kept are not those from before what it put right', async () => {
  const list = '/api/v1/packages/acme'
  const states = async () => {
    const sql = `SELECT state FROM package WHERE name = 'kept'
      UNION ALL SELECT state FROM package_list WHERE key LIKE '% alpine'`
    const { results } = await env.DB.prepare(sql).all<{ state: string }>()
    return results.map(({ state }) => state)
  }
  for (const version of ['1-r0', '2-r0']) await publish({ name: 'kept', version })
  await putGeneric('a')
  const whole = (await answerOf(list)).text
  for (const broken of [
    "DELETE FROM package_file WHERE name = 'kept-2-r0.apk'",
    "UPDATE package_version SET withdrawn = 1 WHERE version = '1-r0'",
    `INSERT INTO package_tag (package_id, name, version_id)
     SELECT p.id, 'latest', v.id FROM package p, package_version v WHERE v.package_id <> p.id AND p.name = 'kept'`,
  ]) {
    const before = await states()
    await env.DB.prepare(broken).run()
    await post(CHECK)
    const after = await states()
    expect([broken, after.length, after.filter((state) => before.includes(state))]).toEqual([
      ...[broken, 2, []],
    ])
  }
  const left = (await answerOf(list)).text
  expect([whole.includes('2-r0'), left.includes('2-r0'), left.includes('1-r0')]).toEqual([
    ...[true, false, true],
  ])
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
    'aarch64: no index file: no index lists the packages',
    expect.stringMatching(/^noarch\/APKINDEX\.tar\.gz: missing object/),
    expect.stringMatching(/^x86_64\/APKINDEX\.tar\.gz: missing object/),
  ])
  expect(await post(REPOSITORY)).toEqual({ revision: 3 })
  expect(await indexProblems()).toEqual([])
  await expectConsistent()
  await publish({ name: 'three', version: '1-r0' })
  expect(await indexProblems()).toEqual([])
})

it('an index row with an impossible path is named, and goes', async () => {
  await publish({ name: 'one', version: '1-r0' })
  const plant = (path: string) =>
    env.DB.prepare(
      `INSERT INTO repository_index SELECT repository_id, ?1, r2_key || ?1, sha256, size, key_set, changed_at
       FROM repository_index WHERE path LIKE 'noarch/%'`,
    )
      .bind(path)
      .run()
  const paths = ['APKINDEX.tar.gz', 'X/APKINDEX.tar.gz', 'x86_64/APKINDEX.tar.gz/', 'x86_64/other']
  for (const path of paths) await plant(path)
  const stray = (path: string) =>
    `${path}: row of an index file with an impossible path: no commit ever replaces it`
  expect((await indexProblems()).sort()).toEqual(paths.map(stray).sort())
  await post(REPOSITORY)
  expect(await indexProblems()).toEqual([])
  const { results } = await env.DB.prepare('SELECT path FROM repository_index ORDER BY path').all()
  expect(results).toEqual([{ path: 'noarch/APKINDEX.tar.gz' }, { path: 'x86_64/APKINDEX.tar.gz' }])
  await expectConsistent()
})

it('an emptied repository whose index rows are lost answers again', async () => {
  await publish({ name: 'one', version: '1-r0' })
  await answerOf(`${MAIN}/x86_64/one-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
  await env.DB.prepare('DELETE FROM repository_index').run()
  const index = () => answerOf(`${MAIN}/x86_64/APKINDEX.tar.gz`)
  expect((await index()).status).toBe(404)
  expect(await indexProblems()).toEqual([
    'noarch/APKINDEX.tar.gz: no row: clients get 404 for this index file',
  ])
  await post(REPOSITORY)
  expect(await indexProblems()).toEqual([])
  expect((await index()).status).toBe(200)
})

it('a repository that was only declared has no problems', async () => {
  const path = REPOSITORY.replace('/check', '')
  await answerOf(path, { method: 'PUT', headers: ADMIN, body: '{"immutable":true}' })
  expect(await indexProblems()).toEqual([])
})

it('the repair of a repository that is not there is 404', async () => {
  const path = REPOSITORY.replace('edge/main', 'edge/none')
  const { status } = await answerOf(path, { method: 'POST', headers: ADMIN })
  expect([status, MAIN.includes('edge/main')]).toEqual([404, true])
})

it('a collection is another one since its packages were put right', async () => {
  const state = () =>
    env.DB.prepare("SELECT state FROM package_collection WHERE type = 'generic'").first('state')
  await putGeneric('a')
  for (const [name, broken] of [
    ['gone', "DELETE FROM package_file WHERE name = 'gone'"],
    ['empty', "DELETE FROM package_version WHERE version = '2'"],
    ['kept', "UPDATE package_version SET withdrawn = 1 WHERE version = '2'"],
  ] as const) {
    const path = `/api/packages/acme/generic/${name}/2/${name}`
    const { status } = await answerOf(path, { method: 'PUT', headers: ADMIN, body: name })
    expect(status).toBe(201)
    const before = await state()
    const files = name === 'empty' ? ["DELETE FROM package_file WHERE name = 'empty'"] : []
    await env.DB.batch([...files, broken].map((sql) => env.DB.prepare(sql)))
    await post(CHECK)
    expect([name, await state()]).not.toEqual([name, before])
  }
})
