// The documents that clients read about a package, as npm's registry writes them
// (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md): the full one, the short one for
// installs, one version's manifest, and the tags. Texts come in pieces, one version after the other.

import { parseSemver, semverOrderKey } from '../../../formats/semver.ts'
import { type JsonObject, memberOf } from '../../../formats/text/json-value.ts'
import type { Readme } from '../../../formats/text/readme.ts'
import { formatIntegrity } from './digests.ts'
import { manifestOf, parseMetadata, type VersionMetadata } from './metadata.ts'
import { tarballName } from './name.ts'
import { LATEST } from './tag.ts'

export interface PackumentPackage {
  readonly name: string
  /** New at each change. */
  readonly revision: string
  /** Unix milliseconds. */
  readonly createdAt: number
  readonly changedAt: number
  /** By tag, the version that it points at, as written. */
  readonly tags: Readonly<Record<string, string>>
  /** Of the version that people are shown. */
  readonly readme?: Readme | undefined
}

export interface PackumentVersion {
  /** As written, with its build. */
  readonly version: string
  /** Lower-case hex. */
  readonly sha1: string
  readonly sha512: string
  /** JSON text (metadata.ts). */
  readonly metadata: string
  /** Unix milliseconds. */
  readonly createdAt: number
  /** What users are warned of. */
  readonly deprecated: string | undefined
}

export type PackumentForm = 'full' | 'short'

export interface DocumentText {
  readonly begin: string
  add(version: PackumentVersion): string
  end(): string
}

/** @param registry the address of the registry, without a slash at its end: clients send a token below it alone */
export function buildPackument(
  form: PackumentForm,
  of: PackumentPackage,
  registry: string,
): DocumentText {
  const latest = new LatestVersion(of.tags)
  const times: string[] = []
  let separator = ''
  const name = JSON.stringify(of.name)
  let modifiedAt = of.changedAt
  // The package's own time has whole seconds: it was not changed before its latest version came.
  const modified = () => `"modified":${JSON.stringify(isoTime(modifiedAt))}`
  const tags = () => `"dist-tags":${JSON.stringify(latest.tags())}`
  return {
    begin:
      form === 'short'
        ? `{"name":${name},"versions":{`
        : `{"_id":${name},"_rev":${JSON.stringify(of.revision)},"name":${name},"versions":{`,
    add: (version) => {
      const metadata = parseMetadata(version.metadata)
      latest.see(version.version, metadata)
      const key = JSON.stringify(version.version)
      modifiedAt = Math.max(modifiedAt, version.createdAt)
      times.push(`${key}:${JSON.stringify(isoTime(version.createdAt))}`)
      const text = `${separator}${key}:${formatManifest(form, of.name, version, metadata, registry)}`
      separator = ','
      return text
    },
    end: () => {
      if (form === 'short') return `},${modified()},${tags()}}`
      const time = [`"created":${JSON.stringify(isoTime(of.createdAt))},${modified()}`, ...times]
      return `},${tags()},"time":{${time.join(',')}}${formatTop(latest.metadata(), of.readme)}}`
    },
  }
}

/** One version alone, as it is in the full document. */
export function buildManifest(name: string, registry: string): DocumentText {
  return {
    begin: '',
    add: (version) =>
      formatManifest('full', name, version, parseMetadata(version.metadata), registry),
    end: () => '',
  }
}

function formatManifest(
  form: PackumentForm,
  name: string,
  { version, sha1, sha512, deprecated }: PackumentVersion,
  { short, more, fileCount, unpackedSize }: VersionMetadata,
  registry: string,
): string {
  const tarball = `${registry}/${name}/-/${tarballName(name, version)}`
  const integrity = formatIntegrity(sha512)
  const dist = JSON.stringify({ integrity, shasum: sha1, tarball, fileCount, unpackedSize })
  const members = [
    short,
    form === 'full' ? more : '',
    form === 'full' ? `"_id":${JSON.stringify(`${name}@${version}`)}` : '',
    deprecated ? `"deprecated":${JSON.stringify(deprecated)}` : '',
    `"dist":${dist}`,
  ]
  return `{${members.filter((text) => text !== '').join(',')}}`
}

/** What the document of a package says of itself is what the version says that is installed by its name. */
const TOP = [
  ...['description', 'license', 'homepage', 'repository', 'keywords', 'author', 'contributors'],
  ...['bugs'],
]

function formatTop(metadata: VersionMetadata | undefined, readme: Readme | undefined): string {
  const manifest: JsonObject = metadata === undefined ? {} : manifestOf(metadata)
  const maintainers = memberOf(manifest, 'maintainers')
  // Clients go through them without a look at what they are.
  const members: [string, unknown][] = [
    ['maintainers', Array.isArray(maintainers) ? maintainers : []],
  ]
  for (const name of TOP) members.push([name, memberOf(manifest, name)])
  members.push(['readme', readme?.text ?? ''], ['readmeFilename', readme?.fileName ?? ''])
  return members
    .flatMap(([name, value]) => (value === undefined ? [] : `,"${name}":${JSON.stringify(value)}`))
    .join('')
}

/** The version under the tag `latest`; after that was removed the highest, without pre-releases if there is another. */
class LatestVersion {
  readonly #tags: Readonly<Record<string, string>>
  #highest: { readonly rank: string; readonly version: string } | undefined
  #metadata: VersionMetadata | undefined

  constructor(tags: Readonly<Record<string, string>>) {
    this.#tags = tags
  }

  see(version: string, metadata: VersionMetadata): void {
    if (Object.hasOwn(this.#tags, LATEST)) {
      if (this.#tags[LATEST] === version) this.#metadata = metadata
      return
    }
    const rank = rankOf(version)
    if (this.#highest !== undefined && this.#highest.rank >= rank) return
    this.#highest = { rank, version }
    this.#metadata = metadata
  }

  metadata(): VersionMetadata | undefined {
    return this.#metadata
  }

  tags(): Readonly<Record<string, string>> {
    const highest = this.#highest
    return highest === undefined ? this.#tags : { ...this.#tags, [LATEST]: highest.version }
  }
}

function rankOf(version: string): string {
  const semver = parseSemver(version)
  if (semver === undefined) return ''
  return `${semver.prerelease.length === 0 ? 1 : 0}${semverOrderKey(semver)}`
}

function isoTime(at: number): string {
  return new Date(at).toISOString()
}
