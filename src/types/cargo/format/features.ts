// Features and what they enable, by the rules by which cargo reads a line of the index (cargo
// src/workspace/summary.rs): a version that breaks one is left out of what can be chosen, without a word.
import { FormatError, quote } from '../../../formats/format-error.ts'
import { checkDependencyName, checkFeatureName } from './name.ts'

/** By name, in the order of the manifest. */
export type Features = ReadonlyMap<string, readonly string[]>

/** What the rules need to know of a dependency: its name in the manifest, and whether it may be absent. */
export interface FeatureDependency {
  readonly name: string
  readonly optional: boolean
}

export type FeatureValue =
  /** Another feature, or an optional dependency of that name. */
  | { readonly kind: 'feature'; readonly name: string }
  /** `dep:name` */
  | { readonly kind: 'dependency'; readonly name: string }
  /** `name/feature`; weak as `name?/feature`, which alone does not enable the dependency. */
  | {
      readonly kind: 'feature-of'
      readonly name: string
      readonly feature: string
      readonly weak: boolean
    }

export function parseFeatureValue(text: string): FeatureValue {
  const slash = text.indexOf('/')
  if (slash >= 0) {
    const before = text.slice(0, slash)
    const weak = before.endsWith('?')
    const name = weak ? before.slice(0, -1) : before
    return { kind: 'feature-of', name, feature: text.slice(slash + 1), weak }
  }
  if (text.startsWith('dep:')) return { kind: 'dependency', name: text.slice(4) }
  return { kind: 'feature', name: text }
}

/** @throws FormatError `invalid-field` */
export function checkFeatures(
  features: Features,
  dependencies: readonly FeatureDependency[],
): void {
  const optional = new Map<string, boolean>()
  for (const { name, optional: may } of dependencies) {
    optional.set(name, may || optional.get(name) === true)
  }
  const values = [...features].flatMap(([name, list]) => {
    checkFeatureName(name, `the feature ${quote(name)}`)
    return list.map((text) => ({ in: name, text, value: parseFeatureValue(text) }))
  })
  const explicit = new Set(
    values.flatMap(({ value }) => (value.kind === 'dependency' ? value.name : [])),
  )
  for (const { in: name, text, value } of values) {
    const reason = refusalOf(value, features, optional, explicit)
    if (reason !== undefined) {
      throw invalid(`the feature ${quote(name)} has ${quote(text)}: ${reason}`)
    }
  }
  refuseUnusable(features, optional, values)
}

function refusalOf(
  value: FeatureValue,
  features: Features,
  optional: ReadonlyMap<string, boolean>,
  explicit: ReadonlySet<string>,
): string | undefined {
  const { name } = value
  const isOptional = optional.get(name)
  switch (value.kind) {
    case 'feature':
      if (features.has(name)) return undefined
      if (isOptional === undefined) return 'it is no feature and no dependency, leave it out'
      if (!isOptional) return 'this dependency is not optional, leave it out'
      if (!explicit.has(name)) return undefined
      return `no feature has the name of this dependency, write "dep:${name}"`
    case 'dependency':
      checkDependencyName(name, `the part after "dep:" of ${quote(`dep:${name}`)}`)
      if (isOptional === undefined) return 'there is no such dependency, leave it out'
      return isOptional ? undefined : 'this dependency is not optional, leave it out'
    default:
      if (name.startsWith('dep:')) return '"dep:" cannot stand before a "/", leave it out'
      checkFeatureName(value.feature, `the part after "/" of ${quote(`${name}/${value.feature}`)}`)
      if (isOptional === undefined) return 'there is no such dependency, leave it out'
      return value.weak && !isOptional
        ? 'this dependency is not optional, leave out "?"'
        : undefined
  }
}

/** An optional dependency that a feature hides by its own name and none enables could never be used. */
function refuseUnusable(
  features: Features,
  optional: ReadonlyMap<string, boolean>,
  values: readonly { readonly value: FeatureValue }[],
): void {
  const used = new Set(values.flatMap(({ value }) => (value.kind === 'feature' ? [] : value.name)))
  for (const [name, isOptional] of optional) {
    if (!isOptional || used.has(name) || !features.has(name)) continue
    throw invalid(
      `the optional dependency ${quote(name)} is in no feature: add "dep:${name}" to one`,
    )
  }
}

export interface SplitFeatures {
  readonly features: Features
  /** With syntax that cargo before 1.60 does not know, and all that lead to such. */
  readonly features2: Features
}

/** The newer ones apart, so that a cargo that cannot read them passes over the version (`"v": 2`). */
export function splitFeatures(features: Features): SplitFeatures {
  const enabledBy = new Map<string, string[]>()
  for (const [name, values] of features) {
    for (const value of values) {
      const names = enabledBy.get(value)
      if (names === undefined) enabledBy.set(value, [name])
      else names.push(name)
    }
  }
  const newer = new Set(
    [...features].filter(([, values]) => values.some(isNewer)).map(([name]) => name),
  )
  // A set is walked through to its end, also over what joins it meanwhile.
  for (const name of newer) for (const each of enabledBy.get(name) ?? []) newer.add(each)
  const all = [...features]
  return {
    features: new Map(all.filter(([name]) => !newer.has(name))),
    features2: new Map(all.filter(([name]) => newer.has(name))),
  }
}

function isNewer(text: string): boolean {
  return text.startsWith('dep:') || text.includes('?/')
}

function invalid(message: string): FormatError {
  return new FormatError('invalid-field', message, { field: 'features' })
}
