import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { storeIndexFile } from '../../src/core/blobs/objects.ts'
import type { Change } from '../../src/core/commit/change.ts'
import { loadKeySet } from '../../src/core/signing-keys.ts'
import { checkPage } from '../../src/repository/check.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, send } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { COMPONENTS_TYPE, ONE_LIST_TYPE } from '../support/worker/stand-ins/lists.ts'
import {
  componentOf,
  listed,
  namesIn,
  readList,
  uploadOf,
} from '../support/worker/stand-ins/lists-sample.ts'
import { findTestedType } from '../support/worker/stand-ins/types.ts'

// What separates the lists of a repository is apart from the architectures of its files.

beforeEach(() => createOwner())

async function publish(type: string, name: string, component: string, content = '') {
  const [plain = '', architecture = ''] = name.split('_')
  const file = listed(type, { name: plain, architecture, component }, content)
  return answerTo(uploadOf(file))
}

async function publishAll(type: string, files: readonly (readonly [string, string])[]) {
  for (const [name, component] of files) {
    const { status, text } = await publish(type, name, component)
    expect([name, status, text]).toEqual([name, 201, expect.any(String)])
  }
}

const remove = (type: string, component: string, name: string) =>
  answerOf(`${componentOf(type, component)}/files/${name}.pkg`, {
    method: 'DELETE',
    headers: ADMIN,
  })

const listOf = async (type: string, component: string, architecture: string) =>
  namesIn(await readList(type, component, architecture))

const column = async (sql: string) =>
  (await env.DB.prepare(sql).all<{ it: string }>()).results.map(({ it }) => it)

async function addressOf(type: string) {
  const [ownerId = ''] = await column('SELECT id AS it FROM owner')
  return { ownerId, ownerName: 'acme', type, name: 'stable' }
}

async function commitBy(object: string, type: string, change: Change) {
  const { outcome } = await env.REPOSITORY.getByName(object).commit(await addressOf(type), change)
  expect(outcome).toBe('committed')
}

const reindex = (fromRows?: true): Change => ({
  ...{ op: 'reindex', changeId: crypto.randomUUID(), keySet: '' },
  ...(fromRows && { fromRows }),
})

async function problemsOf(type: string): Promise<string[]> {
  const indexing = findTestedType(type)?.indexing
  const [repositoryId = ''] = await column(`SELECT id AS it FROM repository WHERE type = '${type}'`)
  if (indexing === undefined) throw new Error(`${type} has no index`)
  const keys = loadKeySet((name) => Reflect.get(env, name), null, 'acme')
  const problems: string[] = []
  for (let next: string | null = ''; next !== null; ) {
    const repository = { db: env.DB, bucket: env.BLOBS, indexing, keys, repositoryId }
    const page = await checkPage(repository, next)
    problems.push(...page.problems.map(({ subject, problem }) => `${subject}: ${problem}`))
    next = page.next
  }
  return problems
}

describe('a list for each component and architecture', () => {
  const TYPE = COMPONENTS_TYPE
  const files = [
    ['tool_amd64', 'main'],
    ['tool_amd64', 'contrib'],
    ['tool_arm64', 'main'],
    ['docs_all', 'main'],
  ] as const
  const LISTS = {
    'main/amd64': ['tool_amd64.pkg', 'docs_all.pkg'],
    'main/arm64': ['tool_arm64.pkg', 'docs_all.pkg'],
    'main/all': ['docs_all.pkg'],
    'contrib/amd64': ['tool_amd64.pkg'],
  }

  async function readLists() {
    const lists: Record<string, string[] | undefined> = {}
    for (const part of Object.keys(LISTS)) {
      const [component = '', architecture = ''] = part.split('/')
      lists[part] = await listOf(TYPE, component, architecture)
    }
    return lists
  }

  it('has each file in the lists of its part; what it runs on is another thing', async () => {
    await publishAll(TYPE, files)
    expect(await readLists()).toEqual(LISTS)
    const shown = "SELECT architecture || ' in ' || part AS it FROM"
    const wanted = [
      'amd64 in main/amd64',
      'amd64 in contrib/amd64',
      'arm64 in main/arm64',
      'all in main/all',
    ]
    expect(await column(`${shown} package_file ORDER BY id`)).toEqual(wanted)
    expect(await column(`${shown} repository_change ORDER BY revision`)).toEqual(wanted)
    expect(await problemsOf(TYPE)).toEqual([])
    await expectConsistent()
  })

  it('takes a name once for each part, and gives and removes the file of the part', async () => {
    expect((await publish(TYPE, 'tool_amd64', 'main', 'one')).status).toBe(201)
    expect((await publish(TYPE, 'tool_amd64', 'contrib', 'two')).status).toBe(201)
    const clash = await publish(TYPE, 'tool_amd64', 'main', 'three')
    expect([clash.status, clash.text]).toEqual([409, expect.stringContaining('for main/amd64')])
    const path = `${componentOf(TYPE, 'contrib')}/files/tool_amd64.pkg`
    expect(await (await send(path)).text()).toBe('tool amd64\ntwo')
    expect((await remove(TYPE, 'main', 'tool_amd64')).status).toBe(204)
    expect(await listOf(TYPE, 'main', 'amd64')).toEqual([])
    expect(await listOf(TYPE, 'contrib', 'amd64')).toEqual(['tool_amd64.pkg'])
    await expectConsistent()
  })

  it('keeps the names of an immutable repository by part', async () => {
    await publishAll(TYPE, [['tool_amd64', 'main']])
    await env.DB.exec('UPDATE repository SET immutable = 1')
    expect((await remove(TYPE, 'main', 'tool_amd64')).status).toBe(204)
    const refused = await publish(TYPE, 'tool_amd64', 'main', 'other')
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('main/amd64')])
    expect((await publish(TYPE, 'tool_amd64', 'contrib', 'other')).status).toBe(201)
    expect((await publish(TYPE, 'tool_amd64', 'main')).status).toBe(201)
    await expectConsistent()
  })

  it('asks the type about the part that a file would make', async () => {
    await publishAll(TYPE, files)
    const { status, text } = await publish(TYPE, 'tool_riscv', 'contrib')
    expect([status, text]).toEqual([400, expect.stringContaining('contrib/riscv would be one')])
    expect((await publish(TYPE, 'more_arm64', 'main')).status).toBe(201)
  })

  it('is the same from the rows, from the log, and by an object that begins anew', async () => {
    await publishAll(TYPE, files)
    await commitBy('another', TYPE, reindex())
    expect(await readLists()).toEqual(LISTS)
    // The other object is behind by a publish and a removal, which the log has.
    await publishAll(TYPE, [['more_amd64', 'main']])
    expect((await remove(TYPE, 'main', 'docs_all')).status).toBe(204)
    await commitBy('another', TYPE, reindex())
    const wanted = {
      ...LISTS,
      'main/amd64': ['tool_amd64.pkg', 'more_amd64.pkg'],
      ...{ 'main/arm64': ['tool_arm64.pkg'], 'main/all': [] },
    }
    expect(await readLists()).toEqual(wanted)
    await env.DB.exec("DELETE FROM repository_index WHERE path = 'contrib/amd64/list'")
    expect(await problemsOf(TYPE)).toEqual([
      expect.stringMatching(/^contrib\/amd64: no index file/),
    ])
    await commitBy('another', TYPE, reindex(true))
    expect(await readLists()).toEqual(wanted)
    expect(await problemsOf(TYPE)).toEqual([])
    await expectConsistent()
  })

  it('has no entry twice, which the check finds by part', async () => {
    await publishAll(TYPE, files)
    const where = "path = 'contrib/amd64/list'"
    const [key = ''] = await column(`SELECT r2_key AS it FROM repository_index WHERE ${where}`)
    const text = (await (await env.BLOBS.get(key))?.text()) ?? ''
    const { r2Key, sha256, size } = await storeIndexFile(env.BLOBS, text.length * 2, [
      new TextEncoder().encode(text + text),
    ])
    await env.DB.prepare(
      `UPDATE repository_index SET r2_key = ?1, sha256 = ?2, size = ?3 WHERE ${where}`,
    )
      .bind(r2Key, sha256, size)
      .run()
    expect(await problemsOf(TYPE)).toEqual([
      'contrib/amd64/list: entry twice: contrib/amd64/tool_amd64.pkg',
    ])
  })

  it('is held against the rows of its parts', async () => {
    await publishAll(TYPE, files)
    await env.DB.exec("UPDATE package_file SET part = 'contrib/all' WHERE part = 'main/all'")
    expect(await problemsOf(TYPE)).toEqual([
      'contrib/amd64/list: row without entry: contrib/all/docs_all.pkg',
      'main/all/list: entry without row: main/all/docs_all.pkg',
      'main/amd64/list: entry without row: main/all/docs_all.pkg',
      'main/arm64/list: entry without row: main/all/docs_all.pkg',
    ])
  })
})

describe('one list for all architectures', () => {
  const TYPE = ONE_LIST_TYPE
  const files = [
    ['tool_amd64', 'main'],
    ['tool_arm64', 'main'],
    ['docs_all', 'main'],
  ] as const

  it('has every file, and takes a name once whatever the architecture', async () => {
    await publishAll(TYPE, files)
    const all = ['tool_amd64.pkg', 'tool_arm64.pkg', 'docs_all.pkg']
    expect(await listOf(TYPE, 'main', 'amd64')).toEqual(all)
    expect(await column('SELECT path AS it FROM repository_index')).toEqual(['list'])
    const { status, text } = await publish(TYPE, 'tool_amd64', 'contrib', 'other')
    expect([status, text]).toEqual([409, expect.not.stringContaining(' for ')])
    expect(await problemsOf(TYPE)).toEqual([])
    expect((await remove(TYPE, 'main', 'tool_arm64')).status).toBe(204)
    await commitBy('another', TYPE, reindex(true))
    expect(await listOf(TYPE, 'main', 'arm64')).toEqual(['tool_amd64.pkg', 'docs_all.pkg'])
    await expectConsistent()
  })

  it('is named by the check where it is lost', async () => {
    await publishAll(TYPE, files)
    await env.DB.exec('DELETE FROM repository_index')
    expect(await problemsOf(TYPE)).toEqual(['files: no index file: no index lists the packages'])
  })
})
