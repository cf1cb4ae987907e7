import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { storeIndexFile } from '../../src/core/blobs/objects.ts'
import { REPLACED_INDEX_MS, type StagedIndexFile } from '../../src/core/commit/batch.ts'
import type { Change, RepositoryAddress } from '../../src/core/commit/change.ts'
import { commitGroup } from '../../src/core/commit/committer.ts'
import { prepareSegments } from '../../src/core/index-copy/copy.ts'
import { SegmentStore } from '../../src/core/index-copy/store.ts'
import { loadKeySet } from '../../src/core/signing-keys.ts'
import { boundsOf } from '../../src/env.ts'
import { distribution, RELEASE } from '../support/worker/distribution.ts'
import { createOwner } from '../support/worker/registry.ts'

// The contract of an index, kept by a type of another kind, whose lists stand under one that has their sums.

let address: RepositoryAddress

beforeEach(async () => {
  await createOwner()
  const ownerId = (await env.DB.prepare('SELECT id FROM owner').first<string>('id')) ?? ''
  address = { ownerId, ownerName: 'acme', type: 'deb', name: 'bookworm' }
})

let changesMade = 0

function publishOf(name: string, part: string): Change {
  const sha256 = createHash('sha256').update(`${name} ${part}`).digest('hex')
  const changeId = `change-${String(++changesMade).padStart(6, '0')}`
  return {
    op: 'publish',
    changeId,
    packageName: name,
    version: '1.0-1',
    fileName: `${name}_1.0-1.deb`,
    architecture: part,
    compositeKey: `bookworm/${part}`,
    metadata: `Package: ${name}\nFor: ${part}\n\n`,
    properties: {},
    blob: {
      r2Key: `blobs/${changeId}`,
      size: 1,
      md5: '',
      sha1: '',
      sha512: '',
      sha256,
      stagedAt: Date.now(),
    },
    createdBy: 'admin',
  }
}

/** What the repository's Durable Object does with a commit, for a type that is not registered. */
function commit(changes: readonly Change[]) {
  return runInDurableObject(env.REPOSITORY.getByName('other'), async (_, { storage }) => {
    const store = new SegmentStore(storage)
    return commitGroup(
      {
        db: env.DB,
        address,
        bounds: () => boundsOf(env),
        rest: 0,
        gapOf: () => 0,
        rules: distribution,
        dropDuplicates: () => {},
        discard: () => {},
        stageIndexes: async (snapshot, plan, now) => {
          const { repositoryId, indexes: existing } = snapshot
          const source = { db: env.DB, repositoryId, entryText: distribution.entryText }
          const segments = await prepareSegments(store, source, snapshot, plan)
          const { written, dropped } = distribution.buildIndexFiles({
            address,
            existing,
            changed: new Set([...plan.published, ...plan.removed].map((file) => file.architecture)),
            segmentsOf: (part) => segments.segmentsOf(part),
            keys: loadKeySet((name) => Reflect.get(env, name), null, 'acme'),
            now,
          })
          const files: StagedIndexFile[] = []
          for (const { path, length, parts } of written) {
            files.push({ path, keySet: '', ...(await storeIndexFile(env.BLOBS, length, parts())) })
          }
          const committed = (head: string, revision: number) =>
            segments.apply({ repositoryId, head, revision })
          return { files, dropped, committed }
        },
      },
      changes,
    )
  })
}

async function read() {
  const { results } = await env.DB.prepare(
    'SELECT path, r2_key AS r2Key, sha256, changed_at AS changedAt FROM repository_index ORDER BY path',
  ).all<{ path: string; r2Key: string; sha256: string; changedAt: number }>()
  const texts = new Map<string, string>()
  for (const { path, r2Key } of results) {
    texts.set(path, (await (await env.BLOBS.get(r2Key))?.text()) ?? '')
  }
  const release = results.find(({ path }) => path === RELEASE)
  return { rows: results, texts, changedAt: release?.changedAt ?? 0 }
}

it('writes several files, lists the sums of all, and keeps and drops earlier generations', async () => {
  const published = await commit([publishOf('a', 'main/amd64'), publishOf('b', 'contrib/all')])
  expect(published.map(({ outcome }) => outcome)).toEqual(['committed', 'committed'])
  const first = await read()
  const lists = [...first.texts].filter(([path]) => path !== RELEASE)
  expect(lists.map(([, text]) => text)).toEqual([
    'Package: b\nFor: contrib/all\n\n',
    'Package: a\nFor: main/amd64\n\n',
  ])
  for (const { path, sha256 } of first.rows)
    if (path !== RELEASE) expect(path.endsWith(`/Packages/${sha256}`)).toBe(true)
  const paths = lists.map(([path]) => path)
  expect(first.texts.get(RELEASE)?.split('\n').slice(1, -1)).toEqual(paths)

  await commit([publishOf('c', 'main/amd64')])
  const second = await read()
  expect(second.changedAt).toBeGreaterThanOrEqual(first.changedAt + 1000)
  const now = second.texts.get(RELEASE)?.split('\n').slice(1, -1) ?? []
  expect(now).toHaveLength(2)
  expect(now[0]).toBe(paths[0])
  expect(second.texts.get(now[1] ?? '')).toBe(
    'Package: a\nFor: main/amd64\n\nPackage: c\nFor: main/amd64\n\n',
  )
  // The generation before is there still, by its sum.
  expect(second.texts.get(paths[1] ?? '')).toBe('Package: a\nFor: main/amd64\n\n')

  const dropped = second.rows.find(({ path }) => path === paths[1])
  await commit([publishOf('d', 'main/amd64')])
  const third = await read()
  expect(third.texts.has(paths[1] ?? '')).toBe(false)
  expect(third.texts.has(now[1] ?? '')).toBe(true)
  const due = await env.DB.prepare('SELECT due_at FROM garbage WHERE r2_key = ?')
    .bind(dropped?.r2Key ?? '')
    .first<number>('due_at')
  expect(due).toBeGreaterThan(Date.now() + REPLACED_INDEX_MS - 60_000)
})

it('unpacks a list of many segments, each with what stands before it', async () => {
  const names = Array.from({ length: 400 }, (_, at) => `package-${at}`)
  for (const from of [0, 200]) {
    const group = names.slice(from, from + 200).map((name) => publishOf(name, 'main/amd64'))
    const ends = await commit(group)
    expect(ends.every(({ outcome }) => outcome === 'committed')).toBe(true)
  }
  const summaries = await runInDurableObject(env.REPOSITORY.getByName('other'), (_, { storage }) =>
    new SegmentStore(storage).readSummaries('main/amd64'),
  )
  expect(summaries.length).toBeGreaterThan(2)
  const { texts } = await read()
  const whole = names.map((name) => `Package: ${name}\nFor: main/amd64\n\n`).join('')
  expect([...texts.values()]).toContain(whole)
})
