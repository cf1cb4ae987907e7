// What is kept of a version beside its tarball: ready JSON texts, of which documents are put together without
// reading them again. `short` has the members that an installing client reads, `more` the others; both without
// braces.

import {
  isJsonObject,
  type JsonObject,
  memberOf,
  textOf,
} from '../../../formats/text/json-value.ts'
import { oneLine } from '../../../formats/text/one-line.ts'
import { keptReadme, type Readme } from '../../../formats/text/readme.ts'
import { hasInstallScript } from './scripts.ts'
import type { InspectedTarball } from './tarball.ts'

export interface VersionMetadata {
  /** A sentence, which lists of packages show. */
  readonly description: string
  readonly short: string
  readonly more: string
  readonly fileCount: number
  readonly unpackedSize: number
}

/** Characters. Lists show a line of it. */
const MAX_DESCRIPTION = 1024

/** Of the short form of a document; what is not a manifest's own is put in at each answer. */
const SHORT = [
  ...['name', 'version', 'dependencies', 'optionalDependencies', 'devDependencies'],
  ...['bundleDependencies', 'bundledDependencies', 'peerDependencies', 'peerDependenciesMeta'],
  ...['bin', 'directories', 'engines', 'os', 'cpu', 'libc', 'funding', 'acceptDependencies'],
]

/**
 * Members that are derived here, kept apart, or change later; and `_npmUser`, by which a registry says who published
 * and how far that was proven: pnpm's trustPolicy goes by it, so that no publisher may write it.
 */
const OWN = [
  ...['dist', '_id', '_rev', '_attachments', 'hasInstallScript', '_hasShrinkwrap', 'deprecated'],
  ...['readme', 'readmeFilename', '_npmUser'],
]

export function describeVersion(manifest: JsonObject, tarball: InspectedTarball): VersionMetadata {
  const derived = {
    ...(hasInstallScript(manifest, tarball.hasBindings) ? { hasInstallScript: true } : {}),
    ...(tarball.hasShrinkwrap ? { _hasShrinkwrap: true } : {}),
  }
  const short = SHORT.flatMap((name) => memberText(name, memberOf(manifest, name)))
  const more = Object.entries(manifest).filter(([name]) => ![...SHORT, ...OWN].includes(name))
  return {
    description: oneLine((textOf(manifest, 'description') ?? '').slice(0, MAX_DESCRIPTION)),
    short: [...short, ...membersText(derived)].join(','),
    more: more.flatMap(([name, value]) => memberText(name, value)).join(','),
    fileCount: tarball.fileCount,
    unpackedSize: tarball.unpackedSize,
  }
}

export function formatMetadata(metadata: VersionMetadata): string {
  return JSON.stringify(metadata)
}

/** @param text that `formatMetadata` made */
export function parseMetadata(text: string): VersionMetadata {
  return JSON.parse(text) as VersionMetadata
}

/** The manifest's member with the longest text, which its publisher can shorten. */
export function heaviestField(manifest: JsonObject): string {
  const lengths = Object.entries(manifest)
    .filter(([name]) => !OWN.includes(name))
    .map(([field, value]) => ({ field, length: JSON.stringify(value).length }))
  return lengths.reduce((most, each) => (each.length > most.length ? each : most), {
    field: 'package.json',
    length: 0,
  }).field
}

/** @param body whose README counts where the manifest has none, before that in the tarball */
export function readmeIn(
  manifest: JsonObject,
  body: JsonObject,
  { readme }: InspectedTarball,
): Readme | undefined {
  const [said] = [manifest, body].filter((object) => {
    const text = textOf(object, 'readme')
    // What npm sends for a package without a README.
    return text && text !== 'ERROR: No README data found!'
  })
  if (said === undefined) return readme && keptReadme(readme.text, readme.fileName)
  return keptReadme(textOf(said, 'readme'), textOf(said, 'readmeFilename'))
}

function membersText(object: JsonObject): readonly string[] {
  return Object.entries(object).flatMap(([name, value]) => memberText(name, value))
}

function memberText(name: string, value: unknown): readonly string[] {
  return value === undefined ? [] : [`${JSON.stringify(name)}:${JSON.stringify(value)}`]
}

/** The members of a version's manifest, parsed again. */
export function manifestOf({ short, more }: VersionMetadata): JsonObject {
  const value: unknown = JSON.parse(`{${[short, more].filter((text) => text !== '').join(',')}}`)
  return isJsonObject(value) ? value : {}
}
