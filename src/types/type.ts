// What a package type implements. A type is one folder that exports one such value, and one entry in
// registration.ts; core, http and the Durable Object know no type by name. (The one exception is
// what restrictions of tokens without a type mean: core/access/restriction.ts.)
import type { ListMaker } from '../core/blobs/lists.ts'
import type { RepositoryAddress } from '../core/commit/change.ts'
import type { ExistingIndexFile } from '../core/commit/snapshot.ts'
import type { Fault } from '../core/errors.ts'
import type { SegmentSource } from '../core/index-copy/prepared.ts'
import type { VersionOrder } from '../core/packages/new-file.ts'
import type { KeySet, SigningKey } from '../core/signing-keys.ts'
import type { ByteSource } from '../formats/bytes.ts'
import type { Dialect } from '../http/dialect.ts'
import type { Endpoint, Params } from '../http/endpoint.ts'
import type { Schema } from '../http/operation.ts'
import type { PackageView } from './view.ts'

export interface PackageType {
  /** The word for it in paths and rows. */
  readonly type: string
  readonly endpoints: readonly Endpoint[]
  /** How its clients send credentials and read faults; absent: as curl does. */
  readonly dialect?: Dialect
  /** Types whose repositories have signed index files. */
  readonly indexing?: RepositoryIndexing
  readonly repositories?: RepositoryNaming
  /** The name of the file in which its clients keep a public key. */
  readonly keyFileName?: (key: Pick<SigningKey, 'name'>) => string
  /** How people publish on the web's upload page; absent for types that only their clients publish. */
  readonly upload?: BrowserUpload
  /** What a package of this name is found by, where names match without case; absent: itself. */
  readonly foldName?: (name: string) => string
  /** Likewise of a version. */
  readonly foldVersion?: (version: string) => string
  /**
   * The place of a version, as it is found by, among those of its package. Its publish gives the same in the
   * `order` of the NewFile. Absent: the version that was published last is the latest.
   */
  readonly versionOrder?: (version: string) => VersionOrder
  /**
   * What its pages show; absent: names, files and digests alone. Lists show the `description` at the
   * top of a file's metadata, if there is one.
   */
  readonly view?: PackageView
  /**
   * Makes the list of what a stored file holds anew, as its publish did (formats/content-list.ts); absent for types
   * that keep no such lists.
   */
  readonly listContents?: ListMaker
  /** What people copy: how to use a repository or package, and how to publish. */
  readonly usage?: PackageUsage
}

/** How the files of a repository become index files: pure, up to the signatures. */
export interface RepositoryIndexing {
  /** What an index says of a file, from the file's metadata, with what separates it from the next. */
  entryText(metadata: string): string
  /** Whether a file in one part excludes one of the same name in the other. */
  clashes(existing: string, added: string): boolean
  /** Why a file may not come to this part of a repository that has these index files. */
  refusalOf(part: string, existing: readonly ExistingIndexFile[]): Fault | undefined
  /** What the commit does to the index files; those not named stay as they are. */
  buildIndexFiles(build: IndexBuild): IndexFiles
  /**
   * Reads an index file back, for checks, as it comes and never as a whole.
   * @param keys that signed it; undefined when earlier ones did, which are not here to verify with
   * @param take what the file lists, best in the order of `partsIn` and of the files' ids
   * @returns what is wrong with the file itself, in words
   */
  inspectIndexFile(
    file: StoredIndexFile,
    keys: KeySet | undefined,
    take: (listing: Listing) => Promise<void>,
  ): Promise<readonly string[]>
  /** The parts whose files an index file lists; none for a path that no index file can have. */
  partsIn(path: string): readonly string[]
  /** The paths of index files that a repository has from its first commit on, also without a file. */
  readonly standingPaths?: readonly string[]
  /** Whether an index file can have the path; absent: any. Others are dropped when all are written anew. */
  isIndexPath?(path: string): boolean
}

/** How a repository is named in the paths of the API, in Hono's syntax. */
export interface RepositoryNaming {
  readonly path: string
  /** What each parameter of the path may be. */
  readonly parameters: Readonly<Record<string, Schema>>
  /** @throws RegistryError invalid-name */
  parseName(params: Params): string
}

/** A file at a time, by the same endpoint as any client. */
export interface BrowserUpload {
  /**
   * Of the endpoint that publishes with PUT. Its parameters are `owner`, those of the repository's
   * name, the fields, and the file's own name.
   */
  readonly path: string
  readonly fields: readonly UploadField[]
  /** The parameter that is the file's name, where it means something. */
  readonly fileParameter?: string
  /** The extension that file choosers offer, such as `.apk`. */
  readonly accept?: string
}

/** A text that is asked for; its name is that of a parameter. */
export interface UploadField {
  readonly name: string
  readonly label: string
  readonly example: string
}

/** An index file as it lies in R2. */
export interface StoredIndexFile {
  /** Within the repository. */
  readonly path: string
  readonly content: ByteSource
}

/** One file in an index: which one, and every word about it. */
export interface Listing {
  readonly part: string
  readonly fileName: string
  readonly text: string
}

export interface IndexBuild {
  readonly address: RepositoryAddress
  /** The index files that the repository has before the commit. */
  readonly existing: readonly ExistingIndexFile[]
  /** The parts whose files change, or `all` to write every index file anew. */
  readonly changed: ReadonlySet<string> | 'all'
  /** The entries of a part as they will be, compressed in segments. */
  segmentsOf(part: string): SegmentSource
  readonly keys: KeySet
  /** The time of the commit, Unix milliseconds. */
  readonly now: number
}

export interface IndexFiles {
  /** Every index file that is new or differs after the commit. */
  readonly written: readonly IndexFile[]
  /** The paths of those that go, for types that keep earlier generations under names of their own. */
  readonly dropped: readonly string[]
}

export interface IndexFile {
  /** Within the repository. */
  readonly path: string
  /** Bytes of all parts together. */
  readonly length: number
  /** What the file consists of, in order; called once, and read while it is stored. */
  parts(): Iterable<Uint8Array>
}

/** Pure: texts for people, of which not a word is taken from packages. */
export interface PackageUsage {
  install(place: UsagePlace): readonly SnippetGroup[]
  publish(place: UsagePlace): readonly SnippetGroup[]
}

/** What the texts are about. */
export interface UsagePlace {
  /** Scheme, host and port, as the reader's browser has them. */
  readonly origin: string
  readonly owner: string
  readonly visibility: 'public' | 'private'
  /** Within the owner. */
  readonly repository?: string
  /** The names of the public keys, the current one first. */
  readonly keyFiles: readonly string[]
  readonly packageName?: string
  readonly version?: string
  readonly architectures?: readonly string[]
  /** Of a file to publish. */
  readonly fileName?: string
  /** A file that can be fetched, and the version that it is of. */
  readonly file?: { readonly version: string; readonly name: string }
}

export interface SnippetGroup {
  readonly title: string
  readonly snippets: readonly Snippet[]
}

export interface Snippet {
  readonly title: string
  readonly language: 'sh' | 'dockerfile' | 'yaml' | 'toml' | 'text'
  readonly text: string
  /** A sentence to stand beside it. */
  readonly note?: string
  /** Whether it takes back what the others did: pages show it last. */
  readonly undoes?: true
}
