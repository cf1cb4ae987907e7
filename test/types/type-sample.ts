// What tests that run over every package type have to know of one: how to publish something, where it
// is then, and what must hold beside that. Owner `acme`.

export interface TypeSample {
  /** A value for every parameter that the paths of the type can have; they name the file of `first`. */
  readonly parameters: Readonly<Record<string, string>>
  /** By a path in Hono's syntax: values for parameters that mean something else there. */
  readonly parametersOf?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Paths in Hono's syntax that read who asks: nobody is refused there, also where the owner is public. */
  readonly aboutCaller?: readonly string[]
  /** Two files of different names, and a larger one in place of the first that takes several parts. */
  readonly first: SampleFile
  readonly second: SampleFile
  readonly large: SampleFile
  /** Other bytes under the name of the first. */
  readonly conflicting: SampleFile
  /** A small file of a package of this name. */
  named(name: string): SampleFile
  /** As the type's clients do it, without credentials: tests add whose. */
  publish(file: SampleFile): Request
  /** By the management API where the type's clients have no way. */
  remove(file: SampleFile): Request
  /** Whether any bytes will do for a file, also those of another type's. */
  readonly takesAnything?: true
  /**
   * What is known before the body is read: absent, all that limits ask for. `no-size`: other things are in the body
   * beside the file. `nothing`: the body says what the request is, and some requests pass every limit.
   */
  readonly knownBeforeBody?: 'no-size' | 'nothing'
  /** With what clients say that the same bytes again are fine; absent where they have no such way. */
  readonly repeatQuery?: string
  readonly statuses: {
    readonly published: number
    /** With `repeatQuery`. */
    readonly repeated: number
    readonly removed: number
    /** Of a publish whose name is taken. */
    readonly taken: number
  }
  /** What its clients show of the body of a refusal; absent: all of it. */
  readonly shows?: (body: string) => string
  /** Status and text of refusals that every type has, in the words that its clients show. */
  readonly says: SampleRefusals
  /** Whether the file is there in every way in which clients look for it, all of them agreeing. */
  isPublished(file: SampleFile): Promise<boolean>
  /** Fails unless everything that the type keeps beside rows and blobs agrees with them. */
  expectSound(): Promise<void>
  /**
   * For types with an index: reads every index file of the repository anew, past the code under test, and
   * names each thing in which it differs from the files.
   */
  readonly findIndexErrors?: (
    repository: SampleRepository,
    files: readonly StoredFile[],
  ) => Promise<readonly string[]>
  /** What a path or a package is refused for, beyond what every type refuses. */
  readonly refusals: readonly SampleRefusal[]
}

export interface SampleFile {
  readonly bytes: Uint8Array
  /** Where it is found. */
  readonly path: string
}

export interface SampleRefusals {
  /** Of the same bytes under the same name, without `repeatQuery`. */
  readonly same: RegExp
  /** Of other bytes under a name that is taken. */
  readonly clash: RegExp
  /** Of a token that is restricted to something else. */
  readonly forbidden: RegExp
}

/** What types say whose clients show text, by the first line. */
export const TEXT_REFUSALS: SampleRefusals = {
  same: /^409 .* is already published in .*: nothing to do$/,
  clash: /^409 .* clashes with other bytes of that name/,
  forbidden: /^403 the access token may not write /,
}

export interface SampleRefusal {
  readonly title: string
  readonly request: () => Request
  /** Status and text. */
  readonly says: RegExp
}

export interface SampleRepository {
  readonly id: string
  readonly owner: string
  readonly name: string
}

export interface StoredFile {
  readonly id: string
  readonly name: string
  readonly architecture: string
  /** The list of its repository that has it. */
  readonly part: string
  /** Undefined where the object is missing. */
  readonly bytes: Uint8Array | undefined
}
