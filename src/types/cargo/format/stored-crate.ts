// What is kept of a version beside its bytes, as JSON: what people read about it, and its line of the index.
import { oneLine } from '../../../formats/text/one-line.ts'
import type { CrateDependency } from './dependency.ts'
import { beginIndexLine } from './index-line.ts'
import type { CrateDescription, CrateManifest } from './manifest.ts'

/** Lists of packages show the `description` at its top. */
export interface StoredCrate extends CrateDescription {
  /** Up to `yanked`. */
  readonly line: string
}

/** A manifest whose dependencies have their registries. */
export interface CheckedCrate extends CrateManifest {
  readonly dependencies: readonly CrateDependency[]
}

/**
 * @param sha256 of the crate, lower-case hex
 * @param publishedAt Unix milliseconds
 */
export function formatStored(crate: CheckedCrate, sha256: string, publishedAt: number): string {
  const { description = '', ...about } = crate.about
  const line = beginIndexLine({ ...crate, sha256, publishedAt })
  return JSON.stringify({ description: oneLine(description), ...about, line })
}

export function readStored(metadata: string): StoredCrate {
  return JSON.parse(metadata) as StoredCrate
}

/** The version's line as it can be read, without `yanked`. */
export interface ReadLine {
  readonly deps: readonly {
    readonly name: string
    readonly req: string
    readonly features: readonly string[]
    readonly optional: boolean
    readonly target: string | null
    readonly kind: 'normal' | 'build' | 'dev'
    readonly registry: string | null
    readonly package: string | null
  }[]
  readonly features: Readonly<Record<string, readonly string[]>>
  readonly features2?: Readonly<Record<string, readonly string[]>>
  readonly links: string | null
  readonly rust_version?: string
}

export function readLine({ line }: StoredCrate): ReadLine {
  return JSON.parse(`${line}}`) as ReadLine
}
