// What a crate depends on, as its metadata and its manifest both say it, in cargo's own spelling.
import { FormatError, quote } from '../../../formats/format-error.ts'
import type { FieldReader } from '../../../formats/text/fields.ts'
import { checkDependencyName, checkFeatureName } from './name.ts'
import { formatPlatform } from './platform.ts'
import { formatRequirement } from './requirement.ts'

/** In the order in which an index has them: that of one kind before the next. */
export const DEPENDENCY_KINDS = ['normal', 'build', 'dev'] as const
export type DependencyKind = (typeof DEPENDENCY_KINDS)[number]

export interface CrateDependency {
  /** In the manifest: features and code know it by this one. */
  readonly name: string
  /** That of the crate itself, where it is renamed. */
  readonly package: string | null
  readonly requirement: string
  readonly features: readonly string[]
  readonly optional: boolean
  readonly defaultFeatures: boolean
  /** The platform that it is for; null for all. */
  readonly target: string | null
  readonly kind: DependencyKind
  /** The index of the registry that it is from; null is this registry. */
  readonly registry: string | null
  /** A program that is built of it instead of a library: an unstable feature of cargo. */
  readonly artifact?: DependencyArtifact | undefined
}

export interface DependencyArtifact {
  /** `bin`, `bin:name`, `cdylib`, `staticlib`. */
  readonly kinds: readonly string[]
  readonly target: string | null
  /** Whether it is a library as well. */
  readonly library: boolean
}

/** What tells dependencies apart: one may stand in several tables. */
export function dependencyKey({ kind, target, name }: CrateDependency): string {
  return JSON.stringify([kind, target, name])
}

/** The dependency for messages. */
export function describeDependency({ kind, target, name }: CrateDependency): string {
  const of = kind === 'normal' ? '' : `${kind} `
  return `the ${of}dependency ${quote(name)}${target === null ? '' : ` for ${quote(target)}`}`
}

/** What both sources have in fields of the same names, checked. */
export function checkDependency(dependency: CrateDependency, fields: FieldReader): CrateDependency {
  const { name, package: renamed, features, optional, kind, registry, artifact } = dependency
  checkDependencyName(name, fields.nameOf('name'))
  if (renamed !== null) checkDependencyName(renamed, fields.nameOf('package'))
  for (const each of features)
    checkFeatureName(each, `${fields.nameOf('features')} of ${quote(name)}`)
  if (optional && kind === 'dev') {
    throw invalid(
      `${describeDependency(dependency)} is optional, which cargo refuses: leave that out`,
    )
  }
  if (registry !== null) checkRegistry(registry, fields.nameOf('registry'))
  for (const each of artifact?.kinds ?? []) checkArtifactKind(each, fields.nameOf('artifact'))
  const target = dependency.target
  return {
    ...dependency,
    requirement: formatRequirement(dependency.requirement, `the requirement of ${quote(name)}`),
    target: target === null ? null : formatPlatform(target, `the platform of ${quote(name)}`),
  }
}

/** Characters. */
const MAX_REGISTRY = 2048

function checkRegistry(registry: string, field: string): void {
  const [, sparse, url = ''] =
    /^(sparse\+)?((?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])[:/])[!-~]+)$/.exec(
      registry,
    ) ?? []
  // Cargo puts the names of files behind the address of a sparse index as it is.
  const known = URL.canParse(url) && (sparse === undefined || url.endsWith('/'))
  if (known && registry.length <= MAX_REGISTRY) {
    if (new URL(url).password === '') return
    // The message does not repeat it: faults are logged.
    const reason = `${field} has a password in it, which all who read the index would get`
    throw invalid(`${reason}: configure the registry without one, and let cargo send a token`)
  }
  const rule = 'the address of an index over https, such as sparse+https://example.com/index/'
  throw invalid(`${field} is ${quote(registry)} and should be ${rule}`)
}

function checkArtifactKind(kind: string, field: string): void {
  if (/^(?:bin|bin:[A-Za-z0-9_-]{1,64}|cdylib|staticlib)$/.test(kind)) return
  throw invalid(`${field} has ${quote(kind)}: use "bin", "bin:NAME", "cdylib" or "staticlib"`)
}

function invalid(message: string): FormatError {
  return new FormatError('invalid-field', message, { field: 'deps' })
}
