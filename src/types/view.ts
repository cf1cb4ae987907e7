// What a package type tells the pages of its packages: data, never markup, so that pages know no type
// by name and nothing of a package reaches them unescaped. Everything here is pure.

export interface PackageView {
  /** The type as people call it. */
  readonly title: string
  /** What its files say of a version: one, or several by architecture and repository. */
  describe(files: readonly ViewedFile[]): PackageDescription
  /** The path of a file's download. */
  filePath(owner: string, file: Omit<ViewedFile, 'metadata'>): string
  /** Whether a list of what its files hold is kept when they are published. */
  readonly contents?: true
  /** What a mark of a version means, by its name; its value is shown behind it, unless it is there or not, and that is all. */
  readonly marks?: Readonly<Record<string, { readonly label: string; readonly isFlag?: true }>>
  /** Names of file properties by which packages find each other, besides by name. */
  readonly links?: { readonly provides: string; readonly requires: string }
  /** Types whose repositories have pages. */
  readonly repository?: RepositoryView
}

export interface RepositoryView {
  /** The path of an index file's download. */
  indexPath(owner: string, repository: string, path: string): string
  keyPath(owner: string, keyFile: string): string
}

export interface ViewedFile {
  readonly packageName: string
  readonly version: string
  readonly name: string
  readonly architecture: string
  readonly repository: string | null
  /** JSON of the type. */
  readonly metadata: string
}

export interface PackageDescription {
  /** A sentence; empty where the package says none. */
  readonly summary: string
  readonly facts: readonly ViewFact[]
  readonly relations: readonly Relation[]
  /** The names under which others may require it, its own first. */
  readonly providedNames: readonly string[]
}

export interface ViewFact {
  readonly label: string
  /** Several where files differ, each with the architectures that say so, unless all do. */
  readonly values: readonly (ViewValue & { readonly architectures?: readonly string[] })[]
}

export type ViewValue =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  /** The name of a package, which leads to it where it is in the registry. */
  | { readonly kind: 'package'; readonly name: string }
  /** Shown as text where it is no address of the web. */
  | { readonly kind: 'link'; readonly url: string }
  | { readonly kind: 'bytes'; readonly size: number }
  /** Unix milliseconds. */
  | { readonly kind: 'time'; readonly at: number }

export interface Relation {
  readonly title: string
  readonly entries: readonly RelationEntry[]
}

export interface RelationEntry {
  readonly text: string
  /** By which another package can be found. */
  readonly name?: string
  /** The architectures that it is true for; absent for all. */
  readonly architectures?: readonly string[]
}
