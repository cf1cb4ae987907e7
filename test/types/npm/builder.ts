// Builds tarballs and what `npm publish` sends of them, right ones and ones broken on purpose. Shares no code with
// src/, so that a mistake there cannot hide itself here. Runs in Node and in workerd.
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { gzipMember, tarEnd, tarEntry } from '../alpine/builder.ts'

export interface PackageSpec {
  name?: string
  version?: string
  /** Members of package.json and of the manifest beside name and version. */
  members?: Readonly<Record<string, unknown>>
  /** By paths within the folder. */
  files?: Readonly<Record<string, string | Uint8Array>>

  /** The whole text of package.json in the tarball; null leaves it out. */
  packageJson?: string | Uint8Array | null
  /** Instead of `package`. */
  folder?: string
  /** Tar entries before and behind the others. */
  entriesBefore?: readonly Uint8Array[]
  entries?: readonly Uint8Array[]
  /** Bytes behind the gzip member. */
  trailing?: Uint8Array
}

export interface BodySpec extends PackageSpec {
  tarball?: Uint8Array
  /** By tag; absent: `latest` for the version. */
  tags?: Readonly<Record<string, unknown>> | null
  /** In the place of the manifest's members that are built; undefined leaves one out. */
  manifest?: Readonly<Record<string, unknown>>
  /** In the place of what `dist` says. */
  dist?: Readonly<Record<string, unknown>>
  /** In the place of the members of the body; undefined leaves one out. */
  body?: Readonly<Record<string, unknown>>
}

const encode = (text: string) => new TextEncoder().encode(text)
const join = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

export function manifestOf({ name = 'hello-world', version = '1.0.0', members }: PackageSpec) {
  return { name, version, description: 'Greets', main: 'index.js', ...members }
}

export function buildTar(spec: PackageSpec = {}): Uint8Array {
  const { folder = 'package', packageJson = JSON.stringify(manifestOf(spec)) } = spec
  const { files = { 'index.js': 'module.exports = "hello"\n' } } = spec
  const all = packageJson === null ? files : { 'package.json': packageJson, ...files }
  const entries = Object.entries(all).map(([path, content]) =>
    tarEntry({ name: `${folder}/${path}`, content }),
  )
  return join([...(spec.entriesBefore ?? []), ...entries, ...(spec.entries ?? []), tarEnd])
}

export function buildTarball(spec: PackageSpec = {}): Uint8Array {
  return join([gzipMember(buildTar(spec)), spec.trailing ?? new Uint8Array()])
}

export const digest = (algorithm: string, bytes: Uint8Array) =>
  createHash(algorithm).update(bytes).digest()

export const integrityOf = (bytes: Uint8Array) =>
  `sha512-${digest('sha512', bytes).toString('base64')}`

/** What `npm publish` sends, as an object. */
export function buildBody(spec: BodySpec = {}): Record<string, unknown> {
  const { tarball = buildTarball(spec) } = spec
  const { name, version, ...members } = manifestOf(spec)
  const dist = {
    integrity: integrityOf(tarball),
    shasum: digest('sha1', tarball).toString('hex'),
    tarball: `http://localhost/${name}/-/${name}-${version}.tgz`,
    ...spec.dist,
  }
  const manifest = { name, version, ...members, _id: `${name}@${version}`, dist, ...spec.manifest }
  const data = Buffer.from(tarball).toString('base64')
  return {
    _id: name,
    name,
    description: members.description,
    ...(spec.tags === null ? {} : { 'dist-tags': spec.tags ?? { latest: version } }),
    versions: { [version]: manifest },
    access: null,
    _attachments: {
      [`${name}-${version}.tgz`]: {
        content_type: 'application/octet-stream',
        data,
        length: tarball.length,
      },
    },
    ...spec.body,
  }
}

export function buildPublish(spec: BodySpec = {}): Uint8Array {
  return encode(JSON.stringify(buildBody(spec)))
}
