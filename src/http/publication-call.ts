// How a type publishes a file over HTTP: where it goes, how it is read, what it turns out to be, and what to call it.
import type { Claims } from '../core/access/claims.ts'
import type { StoredContent } from '../core/blobs/stage.ts'
import type { StagedBlob } from '../core/blobs/staged-blob.ts'
import type { FurtherDigest, UploadedContent } from '../core/digests.ts'
import type { FurtherFile } from '../core/packages/further-files.ts'
import type { NewFile } from '../core/packages/new-file.ts'
import type { Published, PublishPlace } from '../core/packages/publish.ts'
import type { ByteSource } from '../formats/bytes.ts'

/**
 * How a type publishes a file. What refuses throws a RegistryError, or of what is wrong with the file a
 * FormatError, and then nothing stays stored.
 */
interface Publication<T> {
  readonly type: string
  readonly into: PublishPlace['into']
  /** The package's name where the path says it; else `inspect` calls `requireWritable`. */
  readonly packageName?: string
  /**
   * For clients that put something around the file: yields the file's bytes out of the body's, and ends
   * when it has read all of them. Absent: the body is the file, or a form of which one part is.
   */
  readonly body?: (source: ByteSource) => ByteSource
  /**
   * Makes what is stored of the file's bytes, as an RPM is signed on its way: from there on everything is about that,
   * but for what clients claim. Streams, reads to the end, and refuses what it cannot read.
   */
  readonly transform?: (source: ByteSource) => ByteSource
  /** What its clients compare beside SHA-256, and no more: digests are most of what an upload costs. Absent: all. */
  readonly digests?: readonly FurtherDigest[]
  /** The list of what the upload holds, for types whose files hold others. */
  readonly contentsOf?: ((found: T) => Uint8Array) | undefined
  /**
   * The names beside the package's own that its clients take the file for, which a restricted token may not claim from
   * others. Pure. Absent for types whose clients find a package by its own name alone.
   */
  readonly claims?: (found: T) => Claims
  /** Pure, and must not throw: what could be refused was refused before. */
  readonly describe: (found: T, blob: StagedBlob) => NewFile
  /**
   * Files that come with it in one batch, such as what an index of the type reads of each package. Pure. Not with
   * `replaces`, nor into a repository.
   */
  readonly further?: (found: T, blob: StagedBlob) => readonly FurtherFile[]
  readonly wording: (file: NewFile) => PublicationWording
  /** What a client is answered that does not take any 2xx with a line of text. */
  readonly respond?: (published: Published, file: NewFile) => Response
}

/** Of a file that one pass over its bytes says everything of. */
export interface PublicationCall<T> extends Publication<T> {
  /** Reads the file to its end. */
  readonly inspect: (source: ByteSource) => Promise<T>
  /** Compares digests and sizes that the client claimed, before the last of the bytes is stored. */
  readonly verify?: (found: T, content: UploadedContent) => void
  readonly examine?: never
}

/** Of a file that says only at its end what it is. */
export interface ExaminedPublicationCall<I, T> extends Publication<T> {
  readonly inspect: (source: ByteSource) => Promise<I>
  readonly verify?: (inspected: I, content: UploadedContent) => void
  /** Reads parts of the stored bytes, as zips need, which say at their end what they hold. */
  readonly examine: (stored: StoredContent, inspected: I) => Promise<T>
}

export interface PublicationWording {
  /** The file, as people call it. */
  readonly what: string
  readonly place: string
  /** The path of the URL that the file has. */
  readonly location: string
  /** What to do about a name that is taken. */
  readonly advice: string
}
