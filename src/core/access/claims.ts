// PURE: decides about claims. A file claims names beside its own, such as Alpine's and Debian's Provides, and clients
// that ask for such a name get the file's package. So a token that is restricted to packages may claim no names of
// other packages.
import type { Fault } from '../errors.ts'
import { matchesPattern, restricted } from './decide.ts'
import type { Principal } from './principal.ts'
import { namesOfType } from './restriction.ts'

export interface Claim {
  /** The claimed name, as patterns of tokens write names of the type. */
  readonly name: string
  /** The file's field with the claim, in the format's spelling. */
  readonly field: string
}

export interface Claims {
  /** Names that a restricted token may claim only if its patterns cover them. */
  readonly names: readonly Claim[]
  /**
   * Names that follow from a package's content, such as those of libraries. A restricted token may claim them, unless
   * at the commit a package outside of its patterns has one of them in the repository. `property` is the property that
   * has these names.
   */
  readonly shared?: { readonly property: string; readonly claims: readonly Claim[] }
}

/** The claims that the commit to a repository has to decide. They are plain data, since they cross RPC. */
export interface ContestedClaims {
  readonly type: string
  readonly property: string
  readonly names: readonly string[]
  /** The package entries of the token. */
  readonly packages: readonly string[]
}

/** Why the token may not publish a file with these claims; undefined if nothing speaks against it before the commit. */
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

/** The shared names that the token's patterns do not cover; undefined for none. */
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

/** Why the commit must refuse the file: another package of the repository has one of its names. */
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
