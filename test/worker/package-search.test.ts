import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  findLatestVersion,
  findVersion,
  readPackageVersions,
} from '../../src/core/packages/detail.ts'
import { setMarks } from '../../src/core/packages/marks.ts'
import { findRepository, listRepositories } from '../../src/core/packages/repositories.ts'
import {
  type PackageSearch,
  searchPackages,
  searchVersions,
} from '../../src/core/packages/search.ts'
import { moveTag } from '../../src/core/packages/tags.ts'
import { limitsOf } from '../../src/env.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

// What the API and the pages list, as the rows have it.

const ALL = { limit: 50, offset: 0 }

beforeEach(async () => {
  await createOwner()
  await createOwner('other')
})

async function ownerId(name = 'acme'): Promise<string> {
  return String(await env.DB.prepare('SELECT id FROM owner WHERE name = ?').bind(name).first('id'))
}

async function search(options: Partial<PackageSearch> = {}) {
  const found = await searchPackages(env.DB, {
    ownerId: await ownerId(),
    sort: 'name',
    page: ALL,
    ...options,
  })
  return { names: found.packages.map((each) => each.shownName), ...found }
}

const key = async (name: string, foldedName = name) => ({
  ...{ ownerId: await ownerId(), type: 'alpine' },
  ...{ name, foldedName },
})

describe('a search for packages', () => {
  beforeEach(async () => {
    await publish({ name: 'zlib', version: '1.2-r0' })
    await publish({ name: 'hello', version: '2.0-r0' })
    await publish({ name: 'zlib', version: '1.1-r0', arch: 'aarch64' })
    await publish({ name: 'Hella', version: '1-r0' }, '/api/packages/acme/alpine/edge/testing')
    await publish({ name: 'hello', version: '9-r0' }, '/api/packages/other/alpine/edge/main')
  })

  it('lists those of the owner by name, each with its latest version, which was not published last', async () => {
    const { packages, names, total } = await search()
    expect(names).toEqual(['Hella', 'hello', 'zlib'])
    expect(total).toBe(3)
    expect(packages[2]).toMatchObject({
      ...{ type: 'alpine', name: 'zlib', shownName: 'zlib', versions: 2 },
      latest: {
        ...{ version: '1.2-r0', shownVersion: '1.2-r0' },
        ...{ architectures: ['x86_64'], repositories: ['edge/main'] },
      },
    })
    const { latest, createdAt } = packages[2] ?? expect.fail('three packages')
    expect(latest.createdAt).toBeGreaterThanOrEqual(createdAt)
  })

  it('has the newest first when asked', async () => {
    expect((await search({ sort: 'newest' })).names).toEqual(['Hella', 'zlib', 'hello'])
  })

  it.each([
    [{ text: 'HELL' }, ['Hella', 'hello']],
    [{ text: 'li' }, ['zlib']],
    [{ text: '%' }, []],
    [{ text: "'" }, []],
    [{ type: 'alpine' }, ['Hella', 'hello', 'zlib']],
    [{ type: 'debian' }, []],
    [{ repository: 'edge/testing' }, ['Hella']],
    [{ repository: 'edge/main', text: 'hell', type: 'alpine' }, ['hello']],
    [{ repository: 'edge/none' }, []],
  ])('narrowed by %o finds %o', async (options, names) => {
    expect(await search(options)).toMatchObject({ names, total: names.length })
    const newest = await search({ ...options, sort: 'newest' })
    expect([...newest.names].sort()).toEqual(names)
  })

  it('in a repository has the version that its clients install', async () => {
    const stable = '/api/packages/acme/alpine/v3.22/main'
    await publish({ name: 'zlib', version: '1.0-r0' }, stable)
    await publish({ name: 'zlib', version: '0.9-r0' }, stable)
    const of = async (repository?: string) =>
      (await search({ repository, text: 'zlib' })).packages[0]?.latest.version
    expect(await of()).toBe('1.2-r0')
    expect(await of('edge/main')).toBe('1.2-r0')
    expect(await of('v3.22/main')).toBe('1.0-r0')
    // A version of both repositories is each one's.
    await publish({ name: 'zlib', version: '1.1-r0' }, stable)
    expect(await of('v3.22/main')).toBe('1.1-r0')
    await answerOf(`${stable}/x86_64/zlib-1.1-r0.apk`, { method: 'DELETE', headers: ADMIN })
    expect(await of('v3.22/main')).toBe('1.0-r0')
    const marks = [{ version: '1.0-r0', name: 'yanked', value: '', withdraws: true }]
    const place = { ownerId: await ownerId(), type: 'alpine' }
    const change = { changeId: crypto.randomUUID(), createdBy: 'admin' }
    await setMarks(env.DB, place, { packageName: 'zlib', marks }, change)
    expect(await of('v3.22/main')).toBe('0.9-r0')
  })

  it('gives pages, and the total on each', async () => {
    for (const sort of ['name', 'newest'] as const) {
      const all = (await search({ sort })).names
      const pages = [0, 2, 4].map((offset) => search({ sort, page: { limit: 2, offset } }))
      const found = await Promise.all(pages)
      expect(found.flatMap((page) => page.names)).toEqual(all)
      expect(found.map((page) => page.total)).toEqual([3, 3, 3])
    }
  })

  it('has the version under the tag `latest`, if there is one, with what that says of itself', async () => {
    const of = async () => (await search({ text: 'zlib' })).packages[0]
    expect((await of())?.latest.version).toBe('1.2-r0')
    const place = { ownerId: await ownerId(), type: 'alpine', packageName: 'zlib' }
    const change = { changeId: crypto.randomUUID(), createdBy: 'admin' }
    expect(await moveTag(env.DB, place, 'latest', '1.1-r0', change, limitsOf(env))).toBe('moved')
    expect((await of())?.latest).toMatchObject({ version: '1.1-r0', architectures: ['aarch64'] })
    // The order of the list stays that of publishing.
    expect((await search({ sort: 'newest' })).names).toEqual(['Hella', 'zlib', 'hello'])
  })

  it('shows names as they were written', async () => {
    await env.DB.prepare("UPDATE package SET display_name = 'ZLib' WHERE name = 'zlib'").run()
    await env.DB.prepare("UPDATE package_version SET display_version = '1.2-R0'").run()
    const { packages } = await search({ text: 'zl' })
    expect(packages[0]).toMatchObject({ name: 'zlib', shownName: 'ZLib' })
    expect(packages[0]?.latest).toMatchObject({ version: '1.2-r0', shownVersion: '1.2-R0' })
  })

  it('finds the versions too, newest first', async () => {
    const of = async (options: Partial<PackageSearch>) => {
      const { versions, total } = await searchVersions(env.DB, {
        ...{ ownerId: await ownerId(), page: ALL },
        ...options,
      })
      return [versions.map(({ shownName, version }) => `${shownName} ${version}`), total]
    }
    const all = ['Hella 1-r0', 'zlib 1.1-r0', 'hello 2.0-r0', 'zlib 1.2-r0']
    expect(await of({})).toEqual([all, 4])
    expect(await of({ page: { limit: 2, offset: 1 } })).toEqual([all.slice(1, 3), 4])
    expect(await of({ text: 'ZLIB' })).toEqual([['zlib 1.1-r0', 'zlib 1.2-r0'], 2])
    expect(await of({ repository: 'edge/testing' })).toEqual([['Hella 1-r0'], 1])
  })
})

describe('the detail of a package', () => {
  beforeEach(async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '1-r0', arch: 'aarch64' })
    await publish({ name: 'hello', version: '1-r0' }, '/api/packages/acme/alpine/v3.22/main')
    await publish({ name: 'hello', version: '2-r0' })
  })

  it('has its versions, newest first, in pages', async () => {
    const { versions, total } = await readPackageVersions(env.DB, await key('hello'), ALL)
    expect(versions.map(({ version }) => version)).toEqual(['2-r0', '1-r0'])
    expect(total).toBe(2)
    expect(versions[1]).toMatchObject({
      architectures: ['aarch64', 'x86_64'],
      repositories: ['edge/main', 'v3.22/main'],
    })
    const page = { limit: 1, offset: 1 }
    const second = await readPackageVersions(env.DB, await key('hello'), page)
    expect(second).toMatchObject({ versions: [{ version: '1-r0' }], total: 2 })
    expect(await readPackageVersions(env.DB, await key('none'), ALL)).toEqual({
      ...{ versions: [], total: 0 },
    })
  })

  it('has a newest version, which is the one of the API', async () => {
    await publish({ name: 'hello', version: '1.5-r0' })
    expect(await findLatestVersion(env.DB, await key('hello'))).toMatchObject({ version: '1.5-r0' })
    const { text } = await answerOf('/api/v1/packages/acme/alpine/hello/-/latest')
    expect(JSON.parse(text).version).toBe('1.5-r0')
    await answerOf('/api/packages/acme/alpine/edge/main/x86_64/hello-1.5-r0.apk', {
      ...{ method: 'DELETE', headers: ADMIN },
    })
    expect(await findLatestVersion(env.DB, await key('hello'))).toMatchObject({ version: '2-r0' })
    expect(await findLatestVersion(env.DB, await key('none'))).toBeUndefined()
  })

  it('is found by its folded name, but by the exact one first', async () => {
    expect(await findLatestVersion(env.DB, await key('HELLO'))).toBeUndefined()
    expect(await findLatestVersion(env.DB, await key('HELLO', 'hello'))).toMatchObject({
      name: 'hello',
    })
    await publish({ name: 'HELLO', version: '7-r0' })
    expect(await findLatestVersion(env.DB, await key('HELLO', 'hello'))).toMatchObject({
      ...{ name: 'HELLO', version: '7-r0' },
    })
  })

  it('has the files of a version, with what the index shows of them', async () => {
    const one = { ...(await key('hello')), version: '1-r0', foldedVersion: '1-r0' }
    const found = await findVersion(env.DB, one, ALL)
    expect(found).toMatchObject({ version: { version: '1-r0' }, total: 3 })
    const places = found?.files.map(({ repository, architecture }) => [repository, architecture])
    expect(places).toEqual([
      ['edge/main', 'aarch64'],
      ['edge/main', 'x86_64'],
      ['v3.22/main', 'x86_64'],
    ])
    const [file] = found?.files ?? []
    expect(file).toMatchObject({ name: 'hello-1-r0.apk', shownName: 'hello-1-r0.apk' })
    expect(file?.md5).toMatch(/^[0-9a-f]{32}$/)
    expect(file?.sha512).toMatch(/^[0-9a-f]{128}$/)
    expect(JSON.parse(file?.metadata ?? '')).toMatchObject({ name: 'hello', version: '1-r0' })
    expect(Object.keys(file ?? {})).not.toContain('createdBy')
    const page = await findVersion(env.DB, one, { limit: 1, offset: 2 })
    expect(page?.files.map(({ repository }) => repository)).toEqual(['v3.22/main'])
    expect(page?.total).toBe(3)
    expect(await findVersion(env.DB, { ...one, version: '3', foldedVersion: '3' }, ALL)).toBe(
      undefined,
    )
  })
})

describe('repositories', () => {
  it('are listed by name, and found with index files and last changes', async () => {
    await publish({ name: 'a', version: '1-r0' }, '/api/packages/acme/alpine/v3.22/main')
    await publish({ name: 'a', version: '1-r0' })
    await publish({ name: 'b', version: '1-r0' })
    await answerOf(`${MAIN}/x86_64/a-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
    const of = { ownerId: await ownerId() }
    const list = await listRepositories(env.DB, of, ALL)
    expect(list.repositories.map(({ type, name }) => `${type} ${name}`)).toEqual([
      'alpine edge/main',
      'alpine v3.22/main',
    ])
    expect(list.total).toBe(2)
    expect((await listRepositories(env.DB, { ...of, type: 'debian' }, ALL)).total).toBe(0)
    const page = await listRepositories(env.DB, { ...of, type: 'alpine' }, { limit: 1, offset: 1 })
    expect(page.repositories.map(({ name }) => name)).toEqual(['v3.22/main'])
    const main = { ...of, type: 'alpine', name: 'edge/main' }
    const found = await findRepository(env.DB, main)
    expect(found?.repository).toMatchObject({ revision: 3, immutable: false })
    expect(found?.repository.changedAt).toBe(found?.changes[0]?.createdAt)
    expect(found?.indexes.map(({ path }) => path)).toEqual([
      'noarch/APKINDEX.tar.gz',
      'x86_64/APKINDEX.tar.gz',
    ])
    expect(found?.changes.map((c) => [c.revision, c.op, c.fileName, c.architecture])).toEqual([
      [3, 'remove', 'a-1-r0.apk', 'x86_64'],
      [2, 'publish', 'b-1-r0.apk', 'x86_64'],
      [1, 'publish', 'a-1-r0.apk', 'x86_64'],
    ])
    expect((await findRepository(env.DB, main, 1))?.changes).toHaveLength(1)
    expect(await findRepository(env.DB, { ...main, name: 'edge/none' })).toBeUndefined()
  })
})
