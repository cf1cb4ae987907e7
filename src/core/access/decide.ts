// PURE: decides whether a principal may do what it asks. An anonymous principal gets the same answer on a
// write, on a private owner and on an absent owner. A principal with credentials gets 403 if it may know
// that the owner exists, else 404.
import type { Fault } from '../errors.ts'
import type { Principal, Scope, TokenPrincipal } from './principal.ts'
import { namesOfType } from './restriction.ts'

/**
 * - `open`: everybody, without a look at credentials
 * - `read`: everybody for a public owner; a token of the owner for a private one
 * - `write`, `owner-admin`: a token of the owner with the scope `write` or `admin`
 * - `deployment-admin`: the deployment's ADMIN_TOKEN alone
 */
export type Access = 'open' | 'read' | 'write' | 'owner-admin' | 'deployment-admin'

export interface OwnerRow {
  readonly id: string
  readonly name: string
  readonly visibility: 'public' | 'private'
  readonly signingKey: string | null
}

/** The fault that refuses the request; undefined if it may go on. */
export function refusalOf(
  access: Access,
  principal: Principal,
  owner: OwnerRow | undefined,
  ownerName: string,
): Fault | undefined {
  if (access === 'open') return undefined
  if (access === 'read' && owner?.visibility === 'public') return undefined
  return principalRefusal(access, principal, owner, ownerName)
}

/** Decides the same for requests that need credentials in any case, also to read of a public owner. */
export function principalRefusal(
  access: Exclude<Access, 'open'>,
  principal: Principal,
  owner: OwnerRow | undefined,
  ownerName: string,
): Fault | undefined {
  switch (principal.kind) {
    case 'anonymous':
      return { code: 'unauthorized' }
    case 'rejected':
      return { code: 'invalid-credentials', detail: principal.detail }
    case 'admin':
      // Endpoints for the deployment admin create owners, so they handle an absent one.
      if (owner !== undefined || access === 'deployment-admin') return undefined
      return absent(ownerName, ': it has to be created first')
    case 'token':
      return tokenRefusal(access, principal, owner, ownerName)
  }
}

function tokenRefusal(
  access: Exclude<Access, 'open'>,
  token: TokenPrincipal,
  owner: OwnerRow | undefined,
  ownerName: string,
): Fault | undefined {
  if (access === 'deployment-admin') {
    return { code: 'forbidden', detail: 'only the admin token of the deployment may do this' }
  }
  if (owner === undefined) return absent(ownerName)
  if (token.ownerId !== owner.id) {
    if (owner.visibility === 'private') return absent(ownerName)
    return {
      code: 'forbidden',
      detail: `the access token belongs to another owner than ${ownerName}`,
    }
  }
  if (access === 'read') return undefined
  const needed: readonly Scope[] = access === 'write' ? ['write', 'admin'] : ['admin']
  if (needed.some((scope) => token.scopes.includes(scope))) return undefined
  return {
    code: 'forbidden',
    detail: `the access token lacks the scope ${access === 'write' ? 'write' : 'admin'}`,
  }
}

/** What a request wants to write. */
export interface WriteTarget {
  /** The word for the package type in paths and rows. */
  readonly type: string
  /** Null for a write outside of repositories. Required, because a token may be restricted to repositories alone. */
  readonly repository: string | null
  /** Undefined while the name is unknown. The caller asks again once it is known. */
  readonly packageName?: string | undefined
}

/** Why a restricted token may not write there; undefined if it may. */
export function restrictionRefusal(
  principal: Principal,
  { type, repository, packageName }: WriteTarget,
): Fault | undefined {
  if (principal.kind !== 'token') return undefined
  const { repositories, packages } = principal
  if (repositories !== null) {
    if (repository === null) return restricted('outside of repositories', 'only to', repositories)
    if (!namesOfType(repositories, type).includes(repository)) {
      return restricted(`to repository ${type}:${repository}`, 'only to', repositories)
    }
  }
  if (packages === null) return undefined
  const patterns = namesOfType(packages, type)
  if (packageName === undefined) {
    // The name is not known yet. A type without any pattern is refused before the body is read.
    if (patterns.length > 0) return undefined
    return restricted(`packages of the type ${type}`, 'only', packages)
  }
  if (patterns.some((pattern) => matchesPattern(pattern, packageName))) return undefined
  return restricted(`package ${type}:${packageName}`, 'only', packages)
}

/** A refusal lists so many entries and counts the others. */
const SHOWN_ENTRIES = 10

export function restricted(what: string, only: string, entries: readonly string[]): Fault {
  const shown = entries.slice(0, SHOWN_ENTRIES).join(', ')
  const more = entries.length - SHOWN_ENTRIES
  const allowed = more > 0 ? `${shown} and ${more} more` : shown
  return { code: 'forbidden', detail: `the access token may not write ${what}, ${only} ${allowed}` }
}

/** `*` stands for any text, also an empty one, every other character for itself. Takes linear time for any pattern. */
export function matchesPattern(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return name === pattern
  if (!name.startsWith(first)) return false
  const last = rest.pop() ?? ''
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}

function absent(ownerName: string, advice = ''): Fault {
  return { code: 'not-found', detail: `no owner ${ownerName}${advice}`, owner: true }
}
