import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { clearOverrides } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { answerTo, request } from '../support/worker/requests.ts'
import { countRowsRead } from '../support/worker/rows-read.ts'
import { seed } from '../support/worker/seed-many.ts'
import { BASE } from '../support/worker/stand-ins/document-client.ts'
import { DOCUMENT_TYPE } from '../support/worker/stand-ins/documents.ts'
import { COMPONENTS_TYPE } from '../support/worker/stand-ins/lists.ts'
import { listed, listsSamples, uploadOf } from '../support/worker/stand-ins/lists-sample.ts'
import { SETS_TYPE } from '../support/worker/stand-ins/sets.ts'
import { SETS } from '../support/worker/stand-ins/sets-sample.ts'
import { WRAPPED_TYPE, wrap } from '../support/worker/stand-ins/wrapped.ts'
import { WRAPPED } from '../support/worker/stand-ins/wrapped-sample.ts'

// What a change and a document cost D1: as much in a registry of ten packages as of 5,000.

const FEW = 10
const MANY = 5000

const encode = (text: string) => new TextEncoder().encode(text)
const call = (method: string, path: string, body?: string | Uint8Array) => () =>
  answerTo(request(method, path, typeof body === 'string' ? encode(body) : body))

const wrapped = (name: string, version: string) =>
  call(
    'PUT',
    `${WRAPPED}/new`,
    wrap({ name, version, tags: [{ name: 'latest' }] }, encode(name + version)),
  )

const listedOf = (name: string) => {
  const file = listed(COMPONENTS_TYPE, { name, architecture: 'amd64', component: 'main' }, name)
  return {
    publish: () => answerTo(uploadOf(file)),
    remove: () => answerTo(request('DELETE', file.path)),
  }
}

/** @param n makes the names of this round unlike those of the others */
function changesOf(n: string): Readonly<Record<string, () => Promise<{ status: number }>>> {
  const file = listedOf(`listed${n}`)
  return {
    'publish of a package': wrapped(`new-${n}`, '1'),
    'publish of a version of many': wrapped('many', `9${n.length}`),
    'removal of a version': call('DELETE', `${WRAPPED}/new-${n}/1`),
    'publish of several files': call('PUT', `${SETS}/new-${n}/1?tag=a`, n),
    'publish of what is there, to a tag': call('PUT', `${SETS}/new-${n}/1/same?tag=b`, n),
    'publish into a repository': file.publish,
    'removal from a repository': file.remove,
    'publish of a file of a document': call('PUT', `${BASE}/seed-00001/2/f`, `{"n":"${n}"}`),
    'move of a tag': call('PUT', `${BASE}/-/tag/seed-00001/t`, n === 'a' ? '2' : '1.0.0'),
    'change of a mark': call('PUT', `${BASE}/-/mark/seed-00001/2/yanked`, n),
    'read of a document': call('GET', `${BASE}/-/package/seed-00001`),
    'removal of a file of a document': call('DELETE', `${BASE}/seed-00001/2`),
  }
}

async function measure(n: string): Promise<Map<string, { read: number; written: number }>> {
  const found = new Map<string, { read: number; written: number }>()
  for (const [title, act] of Object.entries(changesOf(n))) {
    const seen = countRowsRead()
    const { status } = await act()
    clearOverrides()
    expect([title, status]).toEqual([title, status < 300 ? status : 200])
    found.set(title, { read: seen.rows, written: seen.written })
  }
  return found
}

async function fill(from: number, to: number): Promise<void> {
  const id = async (sql: string) => (await env.DB.prepare(sql).first<string>('id')) ?? ''
  const ownerId = await id('SELECT id FROM owner')
  const repositoryId = await id('SELECT id FROM repository')
  const name = "'seed-' || printf('%05d', n.i)"
  for (const type of [WRAPPED_TYPE, SETS_TYPE, DOCUMENT_TYPE, COMPONENTS_TYPE]) {
    const own = type === COMPONENTS_TYPE
    const place = { ownerId, type, repositoryId: own ? repositoryId : null }
    const file = own
      ? "'seed' || n.i || '_amd64.pkg'"
      : `'${type === DOCUMENT_TYPE ? 'f' : 'file'}'`
    const part = own ? "'main/amd64'" : "''"
    await seed(place, { name, version: "'1.0.0'", file, part }, from, to)
  }
  const many = { name: "'many'", version: "'1' || printf('%05d', n.i)", file: "'file'" }
  await seed({ ownerId, type: WRAPPED_TYPE, repositoryId: null }, many, from, to)
  // The copy of the repository has all of them, too.
  const address = { ownerId, ownerName: 'acme', type: COMPONENTS_TYPE, name: 'stable' }
  const change = {
    op: 'reindex',
    changeId: crypto.randomUUID(),
    keySet: '',
    fromRows: true,
  } as const
  const object = env.REPOSITORY.getByName(`${ownerId}/${COMPONENTS_TYPE}/stable`)
  expect(await object.commit(address, change)).toMatchObject({ outcome: 'committed' })
}

it('of each change, and of a document, does not grow with the packages and versions that there are', async () => {
  await createOwner()
  const limits = { files: 1e6, metadata_bytes: 1e9, file_bytes: 1e9, repositories: 9, tokens: 9 }
  const init = {
    method: 'PUT',
    headers: ADMIN,
    body: JSON.stringify({ visibility: 'public', limits }),
  }
  expect((await answerOf('/api/v1/owners/acme', init)).status).toBe(200)
  const second = listsSamples.get(COMPONENTS_TYPE)?.second ?? expect.fail('no sample')
  expect((await answerTo(uploadOf(second))).status).toBe(201)
  await fill(0, FEW)
  const few = await measure('a')
  await fill(FEW, MANY)
  const many = await measure('ab')
  const lines = [...few].map(([title, { read, written }]) => {
    const { read: reads = 0, written: writes = 0 } = many.get(title) ?? {}
    return { title, read: [read, reads] as const, written: [written, writes] as const }
  })
  console.info(
    lines
      .map(({ title, read, written }) => `${title}: read ${read}, written ${written}`)
      .join('\n'),
  )
  // A handful more may be read where an index has more levels or a name more pieces, and no more.
  const grown = lines.filter(
    ({ read, written }) => read[1] > read[0] + 8 || written[1] > written[0] + 8,
  )
  expect(grown).toEqual([])
}, 120_000)
