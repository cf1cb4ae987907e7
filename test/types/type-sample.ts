// What tests that run over every package type have to know of one: how to publish something, where it
// is then, and what must hold beside that. Owner `acme`.

export interface TypeSample {
  /** A value for every parameter that the paths of the type can have; they name the file of `first`. */
  readonly parameters: Readonly<Record<string, string>>
  /** Two files of different names, and a larger one in place of the first that takes several parts. */
  readonly first: SampleFile
  readonly second: SampleFile
  readonly large: SampleFile
  /** Other bytes under the name of the first. */
  readonly conflicting: SampleFile
  /** Whether the file is there in every way in which clients look for it, all of them agreeing. */
  isPublished(file: SampleFile): Promise<boolean>
  /** Fails unless everything that the type keeps beside rows and blobs agrees with them. */
  expectSound(): Promise<void>
  /** What a path or a package is refused for, beyond what every type refuses. */
  readonly refusals: readonly SampleRefusal[]
}

export interface SampleFile {
  readonly bytes: Uint8Array
  /** Where it is sent by PUT. */
  readonly uploadPath: string
  /** Where it is found, and deleted. */
  readonly path: string
}

export interface SampleRefusal {
  readonly title: string
  readonly method?: 'PUT' | 'DELETE'
  readonly path: string
  readonly bytes?: Uint8Array
  /** Status and text. */
  readonly says: RegExp
}
