// What the index says of a version: a line of JSON (cargo, crates/cargo-util-schemas/src/index.rs). It is
// kept without its end, since nothing of a line ever changes but whether the version is yanked.
import type { CrateDependency } from './dependency.ts'
import { DEPENDENCY_KINDS } from './dependency.ts'
import { type Features, splitFeatures } from './features.ts'

export interface IndexedCrate {
  readonly name: string
  readonly version: string
  readonly dependencies: readonly CrateDependency[]
  readonly features: Features
  readonly links: string | null
  readonly rustVersion: string | null
  /** Lower-case hex of the SHA-256 of the crate. */
  readonly sha256: string
  /** Unix milliseconds. */
  readonly publishedAt: number
}

/** The line up to `yanked`. */
export function beginIndexLine(crate: IndexedCrate): string {
  const { features, features2 } = splitFeatures(crate.features)
  const line = {
    name: crate.name,
    vers: crate.version,
    deps: [...crate.dependencies].sort(compareDependencies).map(formatDependency),
    cksum: crate.sha256,
    features: Object.fromEntries(features),
    ...(features2.size === 0 ? {} : { features2: Object.fromEntries(features2) }),
    links: crate.links,
    ...(crate.rustVersion === null ? {} : { rust_version: crate.rustVersion }),
    pubtime: new Date(crate.publishedAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    ...schemaOf(crate, features2),
  }
  return JSON.stringify(line).slice(0, -1)
}

/** @param begun what `beginIndexLine` gave */
export function endIndexLine(begun: string, yanked: boolean): string {
  return `${begun},"yanked":${yanked}}\n`
}

/** A cargo that does not know the number passes over the version. 3 is of unstable cargo alone. */
function schemaOf({ dependencies }: IndexedCrate, features2: Features): { readonly v?: number } {
  if (dependencies.some(({ artifact }) => artifact !== undefined)) return { v: 3 }
  return features2.size === 0 ? {} : { v: 2 }
}

function formatDependency(dependency: CrateDependency) {
  const { artifact } = dependency
  return {
    name: dependency.name,
    req: dependency.requirement,
    features: dependency.features,
    optional: dependency.optional,
    default_features: dependency.defaultFeatures,
    target: dependency.target,
    kind: dependency.kind,
    registry: dependency.registry,
    package: dependency.package,
    ...(artifact && {
      artifact: artifact.kinds,
      bindep_target: artifact.target,
      lib: artifact.library,
    }),
  }
}

/** Of a name that is there twice, old versions of cargo look at the first alone: the normal one goes first. */
function compareDependencies(a: CrateDependency, b: CrateDependency): number {
  return (
    compareTexts(a.name, b.name) ||
    DEPENDENCY_KINDS.indexOf(a.kind) - DEPENDENCY_KINDS.indexOf(b.kind) ||
    compareTexts(a.target ?? '', b.target ?? '')
  )
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
