import { expect } from 'vitest'
import { send } from '../../support/worker/registry.ts'
import { request } from '../../support/worker/requests.ts'
import { type SampleFile, TEXT_REFUSALS, type TypeSample } from '../type-sample.ts'
import { type ApkSpec, buildApk } from './builder.ts'
import { findIndexErrors } from './index-errors.ts'
import { readIndex } from './index-reader.ts'
import { checkRepository, MAIN } from './repository.ts'

const INDEX = `${MAIN}/x86_64/APKINDEX.tar.gz`

function sample(name: string, spec: ApkSpec = {}): SampleFile {
  return {
    bytes: buildApk({ name, version: '1-r0', ...spec }),
    path: `${MAIN}/x86_64/${name}-1-r0.apk`,
  }
}

const data = { path: 'usr/share/data', content: new Uint8Array(6 * 1024 * 1024) }

export const alpine: TypeSample = {
  parameters: {
    branch: 'edge',
    repository: 'main',
    architecture: 'x86_64',
    file: 'hello-1-r0.apk',
    keyFile: 'acme@0123456789abcdef.rsa.pub',
    uploadName: 'upload.apk',
  },
  first: sample('hello'),
  second: sample('other'),
  large: sample('hello', { files: [data], gzip: { level: 0 } }),
  conflicting: sample('hello', { files: [{ path: 'usr/other', content: 'other' }] }),
  named: (name) => sample(name),
  publish: ({ bytes }) => request('PUT', MAIN, bytes),
  remove: ({ path }) => request('DELETE', path),
  repeatQuery: 'if-exists=same',
  statuses: { published: 201, repeated: 200, removed: 204, taken: 409 },
  says: TEXT_REFUSALS,
  findIndexErrors,
  async isPublished({ path }) {
    const file = await send(path)
    await file.arrayBuffer()
    const index = await send(INDEX)
    const bytes = new Uint8Array(await index.arrayBuffer())
    const entries = index.status === 200 ? readIndex(bytes).entries : []
    const listed = entries.some(({ P, V }) => path.endsWith(`/${P}-${V}.apk`))
    // One instant: never the one without the other.
    expect([file.status, listed]).toEqual(listed ? [200, true] : [404, false])
    return listed
  },
  async expectSound() {
    expect((await checkRepository()).flatMap((page) => page.problems)).toEqual([])
  },
  refusals: [
    {
      title: 'a branch with a slash in it',
      request: () => request('PUT', '/api/packages/acme/alpine/a%2fb/main', buildApk()),
      says: /^400 branch "a\/b" is not a valid name: use 1 to 64 letters/,
    },
    {
      title: 'what is no package',
      request: () => request('PUT', MAIN, new TextEncoder().encode('no package')),
      says: /^400 /,
    },
  ],
}
