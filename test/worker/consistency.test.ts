// The check of consistency that the tests of faults end with names what is planted.
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { override } from '../support/worker/bindings.ts'
import { findInconsistencies, listUnnamedObjects } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  createOwner,
  forgetContents,
  listKeys,
} from '../support/worker/registry.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

const run = (sql: string) => env.DB.prepare(sql).run()
const indexKey = () =>
  env.DB.prepare("SELECT r2_key FROM repository_index WHERE path LIKE 'x86_64/%'").first<string>(
    'r2_key',
  )

/** Puts other bytes in place of the index, and makes its row fit them. */
async function replaceIndex(change: (bytes: Uint8Array) => void): Promise<void> {
  const key = (await indexKey()) ?? ''
  const bytes = new Uint8Array((await (await env.BLOBS.get(key))?.arrayBuffer()) ?? [])
  change(bytes)
  await env.BLOBS.put(key, bytes)
}

beforeEach(async () => {
  await createOwner()
  await publish({ name: 'hello', version: '1-r0' })
  await publish({ name: 'shared', version: '1-r0', arch: 'noarch' })
  await publish({ name: 'gone', version: '1-r0' })
  const file = `${MAIN}/x86_64/gone-1-r0.apk`
  expect((await answerOf(file, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
})

it('finds nothing where nothing is wrong', async () => {
  expect(await findInconsistencies()).toEqual([])
  expect(await listUnnamedObjects()).toEqual([])
})

const faults: Readonly<Record<string, readonly [() => Promise<unknown>, RegExp]>> = {
  'a row left in expectation': [
    () => run('INSERT INTO expectation (ok) VALUES (1)'),
    /left in expectation/,
  ],
  'a file without its object': [
    async () => env.BLOBS.delete(await listKeys('blobs/')),
    /hello-1-r0\.apk: the object is missing/,
  ],
  'a file without the list of what it holds': [
    forgetContents,
    /hello-1-r0\.apk: it has 0 lists of what it holds/,
  ],
  'a file with two lists of what it holds': [
    async () => {
      for (const key of await listKeys('blobs/')) {
        await env.BLOBS.put(key.replace('blobs/', 'contents/'), 'x')
      }
    },
    /hello-1-r0\.apk: it has 2 lists of what it holds/,
  ],
  'an index without its object': [
    async () => env.BLOBS.delete((await indexKey()) ?? ''),
    /x86_64\/APKINDEX\.tar\.gz: the object is missing/,
  ],
  'an object other than its row says': [
    () => run("UPDATE package_blob SET sha1 = 'x'"),
    /hello-1-r0\.apk: the blob row has a wrong sha1/,
  ],
  'an index other than its row says': [
    () => run("UPDATE repository_index SET sha256 = 'x'"),
    /the object is not what the row says/,
  ],
  'an index by another key': [
    async () => override({ SIGNING_KEY: env.OTHER_SIGNING_KEY }),
    /the signature is bad/,
  ],
  'a damaged index': [
    () => replaceIndex((bytes) => bytes.fill(bytes[300] === 0 ? 1 : 0, 300, 301)),
    /the object is not what the row says/,
  ],
  'a file that its index does not list': [
    () => run("UPDATE package_file SET name = 'other-1-r0.apk' WHERE name LIKE 'hello%'"),
    /lists hello-1-r0\.apk .* but the files are other-1-r0\.apk/,
  ],
  'a listed file without its row': [
    () => run("DELETE FROM package_file WHERE name LIKE 'shared%'"),
    /noarch\/APKINDEX\.tar\.gz: lists shared-1-r0\.apk .*, but the files are $/,
  ],
  'an architecture without its index': [
    () => run("DELETE FROM repository_index WHERE path LIKE 'x86_64/%'"),
    /no index for x86_64/,
  ],
  'a head that is not the last commit': [
    () => run("UPDATE repository SET head = 'x'"),
    /the head is not the last commit/,
  ],
  'a revision that the log does not have': [
    () => run('UPDATE repository SET revision = 9'),
    /revision 9, but the log has 1,2,3,4/,
  ],
  'a change that the log does not have': [
    () => run("DELETE FROM repository_change WHERE op = 'remove'"),
    /the log has 1,2,3$/,
  ],
  'a blob in use marked for the sweep': [
    () => run('UPDATE package_blob SET unreferenced_at = 1'),
    /a blob in use marked as unreferenced/,
  ],
  'an object in use marked for the sweep': [
    () => run('INSERT INTO garbage SELECT r2_key, 1 FROM package_blob LIMIT 1'),
    /garbage that a row names/,
  ],
  ...Object.fromEntries(
    ['files', 'metadata_bytes', 'file_bytes', 'repositories', 'tokens'].map((each) => [
      `a count of ${each} that is one off`,
      [
        () => run(`UPDATE owner_usage SET ${each} = ${each} + 1`),
        /acme has 2 files, .* counted as/,
      ],
    ]),
  ),
  'an owner that nothing is counted of': [
    () => run('DELETE FROM owner_usage'),
    /acme has 2 files, .* counted as nothing/,
  ],
  'a package without versions': [
    () =>
      run(
        "INSERT INTO package (owner_id, type, name, created_at, state, changed_at) SELECT id, 'alpine', 'x', 0, 'x', 1000 FROM owner",
      ),
    /a package without versions: x/,
  ],
}

it.each(Object.entries(faults))('names %s', async (_, [plant, problem]) => {
  await plant()
  expect((await findInconsistencies()).join('\n')).toMatch(new RegExp(problem.source, 'm'))
})

it('lists an object that no row names', async () => {
  const stray = ['blobs/2026010100/stray', 'contents/2026010100/stray']
  for (const key of stray) await env.BLOBS.put(key, 'stray')
  expect(await listUnnamedObjects()).toEqual(stray)
})
