// What the tests over all types have to know of the stand-in whose clients put something around the file.
import { env } from 'cloudflare:workers'
import { type SampleFile, TEXT_REFUSALS, type TypeSample } from '../../../types/type-sample.ts'
import { send } from '../registry.ts'
import { request } from '../requests.ts'
import { WRAPPED_TYPE, wrap } from './wrapped.ts'

export const WRAPPED = `/api/packages/acme/${WRAPPED_TYPE}`

function sample(version: string, content: Uint8Array | string, name = 'tool'): SampleFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { bytes, path: `${WRAPPED}/${name}/${version}` }
}

const namesOf = ({ path }: SampleFile) => {
  const [name = '', version = ''] = path.split('/').slice(-2)
  return { name, version }
}

/** Each publish moves a tag of the version's own and one of all. */
const tagsOf = (version: string) => [{ name: 'latest' }, { name: `v${version}` }]

export const wrappedSample: TypeSample = {
  parameters: { package: 'tool', version: '1' },
  first: sample('1', 'hello'),
  second: sample('2', 'other'),
  large: sample('1', new Uint8Array(6 * 1024 * 1024)),
  conflicting: sample('1', 'hullo'),
  named: (name) => sample('1', name, name),
  publish(file) {
    const { name, version } = namesOf(file)
    return request(
      'PUT',
      `${WRAPPED}/new`,
      wrap({ name, version, tags: tagsOf(version) }, file.bytes),
    )
  },
  remove: ({ path }) => request('DELETE', path),
  statuses: { published: 200, repeated: 200, removed: 204, taken: 409 },
  says: TEXT_REFUSALS,
  async isPublished(file) {
    const { name, version } = namesOf(file)
    const [found, tag] = await Promise.all([send(file.path), findTag(name, `v${version}`)])
    await found.arrayBuffer()
    if ((found.status === 200) !== (tag === version)) throw new Error('file and tag disagree')
    return found.status === 200
  },
  async expectSound() {},
  refusals: [],
}

/** The version that a tag of a package points at. */
export function findTag(packageName: string, tag: string): Promise<string | null> {
  const sql = `SELECT v.version FROM package_tag t JOIN package_version v ON v.id = t.version_id
    JOIN package p ON p.id = t.package_id WHERE p.type = ?1 AND p.name = ?2 AND t.name = ?3`
  return env.DB.prepare(sql).bind(WRAPPED_TYPE, packageName, tag).first<string>('version')
}
