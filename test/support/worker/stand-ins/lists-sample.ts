// What the tests over all types have to know of the stand-ins whose lists are not those of architectures.
import { env } from 'cloudflare:workers'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import {
  type SampleFile,
  type SampleRepository,
  type StoredFile,
  TEXT_REFUSALS,
  type TypeSample,
} from '../../../types/type-sample.ts'
import { send } from '../registry.ts'
import { request } from '../requests.ts'
import { ALL, COMPONENTS_TYPE, type ListedPackage, ONE_LIST_TYPE } from './lists.ts'

/** The address of a component in the repository of the tests. */
export const componentOf = (type: string, component: string) =>
  `/api/packages/acme/${type}/stable/${component}`

export function listed(
  type: string,
  { name, architecture, component }: ListedPackage,
  content: Uint8Array | string = '',
): SampleFile {
  const bytes = Buffer.concat([Buffer.from(`${name} ${architecture}\n`), Buffer.from(content)])
  return { bytes, path: `${componentOf(type, component)}/files/${name}_${architecture}.pkg` }
}

export const uploadOf = ({ path, bytes }: SampleFile) =>
  request('PUT', path.replace(/files\/[^/]+$/, 'upload'), bytes)

/** The lines of a list as clients read it; undefined where there is none. */
export async function readList(
  type: string,
  component: string,
  architecture: string,
): Promise<string[] | undefined> {
  const response = await send(`${componentOf(type, component)}/lists/${architecture}`)
  const text = await response.text()
  return response.status === 200 ? text.split('\n').slice(0, -1) : undefined
}

export const namesIn = (lines: readonly string[] | undefined) =>
  lines?.map((line) => line.replace(/ .*/, ''))

function sampleOf(type: string, lists: ListsOf): TypeSample {
  const tool = { name: 'tool', architecture: 'amd64', component: 'main' }
  const other = { name: 'other', architecture: ALL, component: 'main' }
  return {
    parameters: {
      ...{ repository: 'stable', component: 'main' },
      ...{ architecture: 'amd64', file: 'tool_amd64.pkg' },
    },
    first: listed(type, tool, 'hello'),
    second: listed(type, other),
    large: listed(type, tool, new Uint8Array(6 * 1024 * 1024)),
    conflicting: listed(type, tool, 'hullo'),
    named: (name) => listed(type, { ...tool, name }),
    publish: uploadOf,
    remove: ({ path }) => request('DELETE', path),
    repeatQuery: 'if-exists=same',
    statuses: { published: 201, repeated: 200, removed: 204, taken: 409 },
    says: TEXT_REFUSALS,
    async isPublished({ path }) {
      const found = await send(path)
      await found.arrayBuffer()
      const names = namesIn(await readList(type, 'main', 'amd64')) ?? []
      const isListed = names.some((name) => path.endsWith(`/${name}`))
      if ((found.status === 200) !== isListed) throw new Error('file and list disagree')
      return isListed
    },
    async expectSound() {},
    findIndexErrors: (repository, files) => findListErrors(repository, files, lists),
    refusals: [],
  }
}

/** The path of the list that a file makes, and whether a list has a file. */
interface ListsOf {
  path(part: string): string
  has(path: string, part: string): boolean
}

const byComponent: ListsOf = {
  path: (part) => `${part}/list`,
  has: (path, part) =>
    path === `${part}/list` || (part.endsWith(`/${ALL}`) && dirOf(path) === dirOf(part)),
}

const dirOf = (path: string) => path.split('/')[0]

const together: ListsOf = { path: () => 'list', has: (path) => path === 'list' }

async function findListErrors(
  { id }: SampleRepository,
  files: readonly StoredFile[],
  lists: ListsOf,
): Promise<readonly string[]> {
  const { results } = await env.DB.prepare(
    'SELECT path, r2_key AS r2Key FROM repository_index WHERE repository_id = ?1',
  )
    .bind(id)
    .all<{ path: string; r2Key: string }>()
  const paths = results.map(({ path }) => path)
  const problems = files
    .filter(({ part }) => !paths.includes(lists.path(part)))
    .map(({ name }) => `${name} has no list`)
  for (const { path, r2Key } of results) {
    const found = (await (await env.BLOBS.get(r2Key))?.text())?.split('\n').slice(0, -1).sort()
    const wanted = files
      .filter(({ part }) => lists.has(path, part))
      .map(({ name, bytes = '' }) => `${name} ${createHash('sha256').update(bytes).digest('hex')}`)
    if (String(found) !== String(wanted.sort())) problems.push(`${path}: ${found}, not ${wanted}`)
  }
  return problems
}

export const listsSamples: ReadonlyMap<string, TypeSample> = new Map([
  [COMPONENTS_TYPE, sampleOf(COMPONENTS_TYPE, byComponent)],
  [ONE_LIST_TYPE, sampleOf(ONE_LIST_TYPE, together)],
])
