// PURE: names beside its own that a file has its clients take it for, such as Alpine's and Debian's Provides. A token
// that is restricted to packages may claim no name of others: whoever asks for such a name would get its package.
import type { Fault } from '../errors.ts'
import { matchesPattern, restricted } from './decide.ts'
import type { Principal } from './principal.ts'
import { namesOfType } from './restriction.ts'

export interface Claim {
  /** Of the type, as patterns of tokens have them. */
  readonly name: string
  /** Where the file says so, as its format spells it. */
  readonly field: string
}

export interface Claims {
  /** Names that a restricted token may claim only if its patterns cover them. */
  readonly names: readonly Claim[]
  /**
   * Names that packages have by what is in them, such as those of libraries: they pass unless, at the commit, a package
   * outside of the patterns has one of them in that repository. The packages have them as a property of this name.
   */
  readonly shared?: { readonly property: string; readonly claims: readonly Claim[] }
}

/** What the commit to a repository looks at. Plain data, since it crosses RPC. */
export interface ContestedClaims {
  readonly type: string
  readonly property: string
  readonly names: readonly string[]
  /** The entries of the token. */
  readonly packages: readonly string[]
}

/** Why the token may not publish a file with these claims; undefined when it may, as far as it is known now. */
export function claimRefusal(
  principal: Principal,
  type: string,
  { names }: Pick<Claims, 'names'>,
): Fault | undefined {
  const packages = restrictionOf(principal)
  if (packages === null) return undefined
  const foreign = names.find(({ name }) => !covers(packages, type, name))
  return foreign && restricted(`${foreign.field} ${type}:${foreign.name}`, 'only', packages)
}

/** Those of the shared names that the patterns do not cover; undefined for none. */
export function contestedBy(
  principal: Principal,
  type: string,
  { shared }: Claims,
): ContestedClaims | undefined {
  const packages = restrictionOf(principal)
  if (packages === null || shared === undefined) return undefined
  const foreign = shared.claims.filter(({ name }) => !covers(packages, type, name))
  const names = [...new Set(foreign.map(({ name }) => name))]
  return names.length === 0 ? undefined : { type, property: shared.property, names, packages }
}

/** A package of the repository that has the name. */
export interface NameHolder {
  readonly property: string
  readonly name: string
  readonly packageName: string
}

/** Why the commit must not take the file: somebody else has one of its names there. */
export function contestRefusal(
  { type, property, names, packages }: ContestedClaims,
  holders: readonly NameHolder[],
): Fault | undefined {
  const holder = holders.find(
    (each) =>
      each.property === property &&
      names.includes(each.name) &&
      !covers(packages, type, each.packageName),
  )
  if (holder === undefined) return undefined
  const what = `provides ${type}:${holder.name}, which the package ${holder.packageName} has there`
  return restricted(what, 'only', packages)
}

function covers(packages: readonly string[], type: string, name: string): boolean {
  return namesOfType(packages, type).some((pattern) => matchesPattern(pattern, name))
}

function restrictionOf(principal: Principal): readonly string[] | null {
  return principal.kind === 'token' ? principal.packages : null
}
