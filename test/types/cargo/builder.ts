// Builds crates and what `cargo publish` sends of them, right ones and ones broken on purpose. Shares no
// code with src/, so that a mistake there cannot hide itself here. Runs in Node and in workerd.
import { Buffer } from 'node:buffer'
import { gzipMember, tarEnd, tarEntry } from '../alpine/builder.ts'

export interface DependencySpec {
  /** Of the crate. */
  name: string
  req?: string
  /** The name in the manifest. */
  rename?: string
  features?: readonly string[]
  optional?: boolean
  defaultFeatures?: boolean
  target?: string
  kind?: 'normal' | 'dev' | 'build'
  registry?: string
}

export interface CrateSpec {
  name?: string
  version?: string
  description?: string | null
  dependencies?: readonly DependencySpec[]
  features?: Readonly<Record<string, readonly string[]>>
  links?: string
  rustVersion?: string
  /** Lines at the end of [package], as they are. */
  packageLines?: readonly string[]
  /** By paths within the folder. */
  files?: Readonly<Record<string, string | Uint8Array>>

  /** The whole text of Cargo.toml; null leaves it out. */
  manifest?: string | Uint8Array | null
  /** Instead of `{name}-{version}`. */
  folder?: string
  /** Tar entries behind the others. */
  entries?: readonly Uint8Array[]
  /** Members of the JSON, in the place of those that are built; undefined leaves one out. */
  metadata?: Readonly<Record<string, unknown>>
  /** Of compression; 0 for bytes as they are. */
  level?: number
  /** Bytes behind the gzip member. */
  trailing?: Uint8Array
}

const encode = (text: string) => new TextEncoder().encode(text)
const join = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

function named({ name = 'hello-world', version = '1.0.0' }: CrateSpec) {
  return { name, version }
}

/** A basic string of TOML: its escapes are those of JSON. */
const quoted = (text: string) => JSON.stringify(text)

export function formatManifest(spec: CrateSpec): string {
  const { name, version } = named(spec)
  const { description = 'Greets', links, rustVersion, dependencies = [], features = {} } = spec
  const lines = [
    ...['[package]', 'edition = "2021"', `name = ${quoted(name)}`, `version = ${quoted(version)}`],
    ...(description === null ? [] : [`description = ${quoted(description)}`]),
    ...(links === undefined ? [] : [`links = ${quoted(links)}`]),
    ...(rustVersion === undefined ? [] : [`rust-version = ${quoted(rustVersion)}`]),
    ...(spec.packageLines ?? []),
  ]
  for (const each of dependencies) lines.push('', ...formatDependency(each))
  const all = Object.entries(features)
  if (all.length > 0) lines.push('', '[features]')
  for (const [feature, values] of all) {
    lines.push(`${quoted(feature)} = [${values.map(quoted).join(', ')}]`)
  }
  return `${lines.join('\n')}\n`
}

function formatDependency(dependency: DependencySpec): readonly string[] {
  const { name, rename, kind = 'normal', target, req = '1', registry } = dependency
  const table = kind === 'normal' ? 'dependencies' : `${kind}-dependencies`
  const place = target === undefined ? table : `target.${quoted(target)}.${table}`
  const { features = [], optional, defaultFeatures = true } = dependency
  return [
    `[${place}.${quoted(rename ?? name)}]`,
    `version = ${quoted(req)}`,
    ...(rename === undefined ? [] : [`package = ${quoted(name)}`]),
    ...(features.length === 0 ? [] : [`features = [${features.map(quoted).join(', ')}]`]),
    ...(optional ? ['optional = true'] : []),
    ...(defaultFeatures ? [] : ['default-features = false']),
    ...(registry === undefined ? [] : [`registry-index = ${quoted(registry)}`]),
  ]
}

export function buildCrate(spec: CrateSpec = {}): Uint8Array {
  const { name, version } = named(spec)
  const { folder = `${name}-${version}`, files = { 'src/lib.rs': '// nothing\n' } } = spec
  const manifest = spec.manifest === undefined ? formatManifest(spec) : spec.manifest
  const all = manifest === null ? files : { 'Cargo.toml': manifest, ...files }
  const entries = Object.entries(all).map(([path, content]) =>
    // Cargo writes GNU's headers.
    tarEntry({ name: `${folder}/${path}`, content, magic: 'gnu' }),
  )
  const tar = join([...entries, ...(spec.entries ?? []), tarEnd])
  return join([gzipMember(tar, { level: spec.level ?? 9 }), spec.trailing ?? new Uint8Array(0)])
}

/** The JSON, as cargo makes it. */
export function buildMetadata(spec: CrateSpec = {}): Readonly<Record<string, unknown>> {
  const { name, version } = named(spec)
  const { description = 'Greets', dependencies = [], features = {} } = spec
  return {
    ...{ name, vers: version, deps: dependencies.map(describeDependency), features },
    ...{ authors: [], description, documentation: null, homepage: null },
    ...{ readme: '# Hello', readme_file: 'README.md', keywords: [], categories: [] },
    ...{ license: 'MIT', license_file: null, repository: null, badges: {} },
    ...{ links: spec.links ?? null, rust_version: spec.rustVersion ?? null },
    ...spec.metadata,
  }
}

function describeDependency(dependency: DependencySpec): Readonly<Record<string, unknown>> {
  const { name, req = '1', rename, features = [], optional = false, registry } = dependency
  const { defaultFeatures = true, target = null, kind = 'normal' } = dependency
  return {
    ...{ optional, default_features: defaultFeatures, name, features, target, kind },
    version_req: /^[0-9]+(\.[0-9]+)*$/.test(req) ? `^${req}` : req,
    ...(registry === undefined ? {} : { registry }),
    ...(rename === undefined ? {} : { explicit_name_in_toml: rename }),
  }
}

/** The body of a publish, of any two parts. */
export function frame(metadata: string | Uint8Array, crate: Uint8Array): Uint8Array {
  const json = typeof metadata === 'string' ? encode(metadata) : metadata
  return join([little(json.length), json, little(crate.length), crate])
}

export function buildPublish(spec: CrateSpec = {}): Uint8Array {
  return frame(JSON.stringify(buildMetadata(spec)), buildCrate(spec))
}

/** 32 bits. */
export function little(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}
