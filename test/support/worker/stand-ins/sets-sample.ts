// What the tests over all types have to know of the stand-in whose publish makes several files of a version.
import { env } from 'cloudflare:workers'
import { type SampleFile, TEXT_REFUSALS, type TypeSample } from '../../../types/type-sample.ts'
import { send } from '../registry.ts'
import { request } from '../requests.ts'
import { FILES, SETS_TYPE } from './sets.ts'

export const SETS = `/api/packages/acme/${SETS_TYPE}`

function sample(version: string, content: Uint8Array | string, name = 'tool'): SampleFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { bytes, path: `${SETS}/${name}/${version}/main` }
}

/** The names of the files of a version that clients find. */
export async function filesOf(version: string): Promise<string[]> {
  const found: string[] = []
  for (const name of FILES) {
    const response = await send(`${SETS}/${version}/${name}`)
    await response.arrayBuffer()
    if (response.status === 200) found.push(name)
  }
  return found
}

/** The version of `tool` that a tag points at. */
export function findTag(tag: string): Promise<string | null> {
  const sql = `SELECT v.version FROM package_tag t JOIN package_version v ON v.id = t.version_id
    JOIN package p ON p.id = t.package_id WHERE p.type = ?1 AND t.name = ?2`
  return env.DB.prepare(sql).bind(SETS_TYPE, tag).first<string>('version')
}

const versionOf = ({ path }: SampleFile) => path.replace(/^.*\/([^/]+)\/main$/, '$1')

/** @param again the path behind a version's at which clients publish */
export const setsSample = (again: '' | '/same'): TypeSample => ({
  parameters: { package: 'tool', version: '1', file: 'main' },
  first: sample('1', 'hello'),
  second: sample('2', 'other'),
  large: sample('1', new Uint8Array(6 * 1024 * 1024)),
  conflicting: sample('1', 'hullo'),
  named: (name) => sample('1', name, name),
  publish: (file) => {
    const path = file.path.replace(/\/main$/, again)
    return request('PUT', `${path}?tag=v${versionOf(file)}`, file.bytes)
  },
  remove: ({ path }) => request('DELETE', path.replace(/\/main$/, '')),
  ...(again === '/same' && { repeatQuery: 'new' }),
  statuses: { published: 201, repeated: 201, removed: 204, taken: 409 },
  says: TEXT_REFUSALS,
  async isPublished(file) {
    const found = await filesOf(file.path.split('/').slice(-3, -1).join('/'))
    const tag = await findTag(`v${versionOf(file)}`)
    // One instant: never the one without the other.
    if (![0, FILES.length].includes(found.length)) throw new Error(`only ${found} are there`)
    if ((tag !== null) !== found.length > 0) throw new Error('tag and files disagree')
    return found.length > 0
  },
  async expectSound() {},
  refusals: [],
})
