import { send } from '../../support/worker/registry.ts'
import { request } from '../../support/worker/requests.ts'
import { type SampleFile, TEXT_REFUSALS, type TypeSample } from '../type-sample.ts'

export const FILES = '/api/packages/acme/generic'

function sample(name: string, content: Uint8Array | string, packageName = 'tool'): SampleFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { bytes, path: `${FILES}/${packageName}/1-r0/${name}` }
}

const put = (path: string) => () => request('PUT', `${FILES}/${path}`, new Uint8Array([1]))
const remove = (path: string) => () => request('DELETE', `${FILES}/${path}`)
const long = 'x'.repeat(256)
const badPackage = /^400 package ".*" is not a valid name: use 1 to 255 of letters, digits/
const badVersion = /^400 version ".*" is not a valid name: use 1 to 255 of printable/
const badFile = /^400 file ".*" is not a valid name: use 1 to 255 of letters, digits, blanks/

export const generic: TypeSample = {
  parameters: { package: 'tool', version: '1-r0', file: 'hello-1-r0.apk' },
  first: sample('hello-1-r0.apk', 'hello'),
  second: sample('other.bin', 'other'),
  large: sample('hello-1-r0.apk', new Uint8Array(6 * 1024 * 1024)),
  conflicting: sample('hello-1-r0.apk', 'hullo'),
  named: (name) => sample('file', name, name),
  publish: ({ bytes, path }) => request('PUT', path, bytes),
  remove: ({ path }) => request('DELETE', path),
  takesAnything: true,
  repeatQuery: 'if-exists=same',
  statuses: { published: 201, repeated: 200, removed: 204, taken: 409 },
  says: TEXT_REFUSALS,
  async isPublished({ path }) {
    const file = await send(path)
    await file.arrayBuffer()
    return file.status === 200
  },
  async expectSound() {},
  refusals: [
    { title: 'two dots and a slash as a package', request: put('..%2f/1/f'), says: badPackage },
    { title: 'a package of one sign', request: put('-/1/f'), says: badPackage },
    { title: 'a package with a blank', request: put('a%20b/1/f'), says: badPackage },
    { title: 'a package with a slash', request: put('a%2fb/1/f'), says: badPackage },
    { title: 'a package of letters beyond ASCII', request: put('%C3%BC/1/f'), says: badPackage },
    { title: 'a package that is too long', request: put(`${long}/1/f`), says: badPackage },
    { title: 'a version with a blank at an end', request: put('a/%201/f'), says: badVersion },
    { title: 'a version with NUL', request: put('a/1%00/f'), says: badVersion },
    { title: 'a version with a line break', request: put('a/1%0a2/f'), says: badVersion },
    { title: 'a version that turns text around', request: put('a/%E2%80%AE1/f'), says: badVersion },
    { title: 'a version that is too long', request: put(`a/${long}/f`), says: badVersion },
    { title: 'a file with a slash', request: put('a/1/b%2fc'), says: badFile },
    { title: 'a file with a quotation mark', request: put('a/1/b%22c'), says: badFile },
    { title: 'a file with a blank at an end', request: put('a/1/b%20'), says: badFile },
    { title: 'a file of letters beyond ASCII', request: put('a/1/%C3%BC'), says: badFile },
    { title: 'a file that is too long', request: put(`a/1/${long}`), says: badFile },
    { title: 'removal by a bad name', request: remove('a%20b'), says: badPackage },
    { title: 'removal of a bad version', request: remove('a/%09'), says: badVersion },
  ],
}
