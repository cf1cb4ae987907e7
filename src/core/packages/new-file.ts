// A file that is about to become visible: what a type says of it. Plain data, since it crosses RPC on
// its way to a repository's Durable Object.

import type { Readme } from '../../formats/text/readme.ts'
import type { ContestedClaims } from '../access/claims.ts'
import type { StagedBlob } from '../blobs/staged-blob.ts'
import { RegistryError } from '../errors.ts'
import { type Usage, usageOfFile } from '../quota/quantities.ts'

export interface Property {
  readonly name: string
  readonly value: string
}

/** What can be searched for by name and value, on what it belongs to. */
export interface Properties {
  /** Of the package as a whole: they stay while it has a version. */
  readonly package?: readonly Property[]
  readonly version?: readonly Property[]
  readonly file?: readonly Property[]
}

export interface NewTag {
  readonly name: string
  /** A tag that the package has stays where it is. */
  readonly onlyIfAbsent?: true
  /** It points at the latest version that remains when its own is removed, and goes with the last one. */
  readonly fallsBack?: true
}

/** The place of a version among those of its package. */
export interface VersionOrder {
  /** The higher version has the greater key, compared byte by byte; those of equal keys are equal in order. */
  readonly key: string
  /** Whether the latest version is another, as long as there is one that is no prerelease. */
  readonly prerelease: boolean
}

export interface NewFile {
  /** Minted by the request; also the id of the new file: a repetition is recognised by it. */
  readonly changeId: string
  /** What the package is found by, and likewise version and file name. */
  readonly packageName: string
  readonly version: string
  readonly fileName: string
  /** As the publisher wrote them, where names match without case. */
  readonly display?: {
    readonly packageName: string
    readonly version: string
    readonly fileName: string
  }
  /** What it runs on, for people and the API. Empty for types that have none. */
  readonly architecture: string
  /** The list of its repository that has it, such as `main/amd64`; absent: the one of its architecture. */
  readonly part?: string
  /** What tells files of one name in a version apart; empty if nothing has to. */
  readonly compositeKey: string
  /** JSON of the type. */
  readonly metadata: string
  readonly properties: Properties
  /** What the file says of itself for people; kept apart from what documents are made of. */
  readonly readme?: Readme
  /** What points at its version from then on. */
  readonly tags?: readonly NewTag[]
  /** The values of marks that it has from the beginning, by name; none of them withdraws it. */
  readonly marks?: Readonly<Record<string, string>>
  /** Of its version; absent for types without an order of versions, whose latest is the one published last. */
  readonly order?: VersionOrder
  readonly blob: StagedBlob
  /** The id of an access token, or `admin`. */
  readonly createdBy: string
  /** Names that a restricted token may claim only where no package of others has them in the repository. */
  readonly contested?: ContestedClaims
}

/** What separates it from the files of other lists of its repository. */
export function partOf({ part, architecture }: Pick<NewFile, 'part' | 'architecture'>): string {
  return part ?? architecture
}

/** What its owner is charged for a file beside its bytes: metadata and properties, in bytes of D1, about. */
export function metadataBytesOf({ metadata, properties, readme }: NewFile): number {
  const ofReadme = readme ? Buffer.byteLength(readme.text) + Buffer.byteLength(readme.fileName) : 0
  return Buffer.byteLength(metadata) + weightOfProperties(properties) + ofReadme
}

export function usageOfNewFile(file: NewFile): Usage {
  return usageOfFile({ metadataBytes: metadataBytesOf(file), size: file.blob.size })
}

/**
 * Bytes that the metadata of a file may weigh with its properties. D1 takes 2 MB a value, and the names of
 * the file go into the same one.
 */
const METADATA_BYTES = 1_500_000

/**
 * @param files that come in one batch
 * @throws RegistryError invalid-package for metadata that D1 would not take
 */
export function requireStorableMetadata(files: readonly NewFile[]): void {
  const weights = files.map((file) => weightOf(file.metadata) + weightOfProperties(file.properties))
  const weight = weights.reduce((sum, each) => sum + each, 0)
  if (weight <= METADATA_BYTES) return
  const detail = `what the package says of itself takes ${weight} bytes, more than ${METADATA_BYTES}: shorten its lists and texts`
  throw new RegistryError({ code: 'invalid-package', reason: 'too-large', detail })
}

/** Bytes that a file's metadata takes in a parameter of D1: a JSON text within JSON, in UTF-8. */
export function weightOf(metadata: string): number {
  return new TextEncoder().encode(JSON.stringify(metadata)).length
}

/** What the properties take in another parameter, about. */
export function weightOfProperties({ package: ofPackage, version, file }: Properties): number {
  const all = [...(ofPackage ?? []), ...(version ?? []), ...(file ?? [])]
  return all.reduce((sum, { name, value }) => sum + name.length + value.length + PROPERTY_BYTES, 0)
}

/** An id, quotes and commas, and what escapes add to most values. */
export const PROPERTY_BYTES = 70
