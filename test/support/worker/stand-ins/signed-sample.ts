// What the tests over all types have to know of the stand-in that signs packages on their way.
import { Buffer } from 'node:buffer'
import { type SampleFile, TEXT_REFUSALS, type TypeSample } from '../../../types/type-sample.ts'
import { send } from '../registry.ts'
import { request } from '../requests.ts'
import { HEAD, SIGNATURE, SIGNED_TYPE } from './signed.ts'

export const SIGNED = `/api/packages/acme/${SIGNED_TYPE}`

function sample(version: string, content: Uint8Array | string, name = 'tool'): SampleFile {
  const bytes = Buffer.concat([Buffer.from(HEAD), Buffer.from(content)])
  return { bytes, path: `${SIGNED}/${name}/${version}` }
}

export const signedSample: TypeSample = {
  parameters: { package: 'tool', version: '1' },
  first: sample('1', 'hello'),
  second: sample('2', 'other'),
  large: sample('1', new Uint8Array(6 * 1024 * 1024)),
  conflicting: sample('1', 'hullo'),
  named: (name) => sample('1', name, name),
  publish: ({ path, bytes }) => request('PUT', path, bytes),
  remove: ({ path }) => request('DELETE', path),
  statuses: { published: 201, repeated: 200, removed: 204, taken: 409 },
  says: TEXT_REFUSALS,
  async isPublished({ path }) {
    const found = await send(path)
    const text = Buffer.from(await found.bytes()).toString()
    if (found.status === 200 && !text.startsWith(HEAD + SIGNATURE)) throw new Error('not signed')
    return found.status === 200
  },
  async expectSound() {},
  refusals: [],
}
