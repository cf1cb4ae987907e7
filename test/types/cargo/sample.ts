import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { send } from '../../support/worker/registry.ts'
import { request } from '../../support/worker/requests.ts'
import type { SampleFile, SampleRefusal, TypeSample } from '../type-sample.ts'
import { buildCrate, buildPublish, type CrateSpec } from './builder.ts'
import { CARGO, readIndex } from './index-reader.ts'

/** By the bytes of a crate, what a publish of it sends. */
const specs = new Map<Uint8Array, CrateSpec>()

function sample(name: string, spec: CrateSpec = {}): SampleFile {
  const whole = { version: '1.0.0', ...spec, name }
  const bytes = buildCrate(whole)
  specs.set(bytes, whole)
  return { bytes, path: `${CARGO}/api/v1/crates/${name}/${whole.version}/download` }
}

const NEW = `${CARGO}/api/v1/crates/new`
const put = (spec: CrateSpec) => () => request('PUT', NEW, buildPublish(spec))

function refusal(title: string, spec: CrateSpec, says: RegExp): SampleRefusal {
  return { title, request: put(spec), says }
}

/** Bytes that no compression makes less of would do, too; these are the same each time. */
const data = { data: new Uint8Array(6 * 1024 * 1024) }

export const cargo: TypeSample = {
  parameters: { crate: 'hello', version: '1.0.0', prefix: '1', first: 'he', second: 'll' },
  parametersOf: { '/api/packages/:owner/cargo/:prefix/:crate': { crate: 'h' } },
  first: sample('hello'),
  second: sample('other'),
  large: sample('hello', { files: data, level: 0 }),
  conflicting: sample('hello', { files: { 'src/lib.rs': '// other\n' } }),
  named: (name) => sample(name),
  publish: ({ bytes }) => request('PUT', NEW, buildPublish(specs.get(bytes) ?? {})),
  remove: ({ path }) => {
    const [, name, version] = /crates\/([^/]+)\/([^/]+)\/download$/.exec(path) ?? []
    return request('DELETE', `/api/v1/packages/acme/cargo/${name}/${version}`)
  },
  shows: (text) => {
    // Cargo reads the list; who removes something reads what the management API says.
    const body = JSON.parse(text) as { errors?: readonly { detail: string }[]; detail: string }
    return body.errors?.[0]?.detail ?? body.detail
  },
  knownBeforeBody: 'no-size',
  statuses: { published: 200, repeated: 200, removed: 204, taken: 409 },
  says: {
    same: /^409 the version of hello 1\.0\.0 exists in acme\/cargo: raise the version and publish again$/,
    clash: /^409 the version of hello 1\.0\.0 exists in acme\/cargo: raise the version/,
    forbidden: /^403 the access token may not write /,
  },
  async isPublished({ path }) {
    const [, name = '', version = ''] = /crates\/([^/]+)\/([^/]+)\/download$/.exec(path) ?? []
    const crate = await send(path)
    const found = new Uint8Array(await crate.arrayBuffer())
    const lines = (await readIndex(name)).filter(({ vers }) => vers === version)
    const search = await send(`${CARGO}/api/v1/crates?q=${name}&per_page=100`)
    const { crates } = (await search.json()) as { crates: { name: string }[] }
    const there = crate.status === 200
    expect(lines).toHaveLength(there ? 1 : 0)
    expect(crates.some((each) => each.name === name)).toBe(there)
    if (there) expect(createHash('sha256').update(found).digest('hex')).toBe(lines[0]?.cksum)
    return there
  },
  async expectSound() {},
  refusals: [
    refusal(
      'a name that no crate may have',
      { name: '1st' },
      /^400 name is not the name of a crate/,
    ),
    refusal('a version that is none', { version: '1.0' }, /^400 vers is "1\.0": .*: 1\.0\.0$/),
    refusal(
      'a requirement that is none',
      { dependencies: [{ name: 'a', req: '1 || 2' }] },
      /^400 the requ/,
    ),
    refusal(
      'what is no archive',
      { trailing: Uint8Array.of(1) },
      /^400 the crate goes on after its gzip/,
    ),
    refusal(
      'a crate without a manifest',
      { manifest: null },
      /^400 the crate has no "hello-world-1\.0\.0/,
    ),
    refusal(
      'another crate`s archive',
      { folder: 'other-1.0.0' },
      /^400 the crate holds "other-1\.0\.0\/C/,
    ),
    refusal(
      'a manifest of another',
      { metadata: { name: 'other' }, folder: 'other-1.0.0' },
      /^400 the name is/,
    ),
    {
      title: 'bytes behind the crate',
      request: () => request('PUT', NEW, new Uint8Array([...buildPublish(), 0])),
      says: /^400 the body goes on after the \d+ bytes that the crate has/,
    },
    {
      title: 'owners of a crate',
      request: () => request('PUT', `${CARGO}/api/v1/crates/hello/owners`, new Uint8Array([1])),
      says: /^400 the crate "hello" is acme's, and a crate has no owners of its own/,
    },
    {
      title: 'yanking what is not there',
      request: () => request('DELETE', `${CARGO}/api/v1/crates/hello/1.0.0/yank`),
      says: /^404 there is no version "1\.0\.0" of a crate "hello" here$/,
    },
  ],
}
