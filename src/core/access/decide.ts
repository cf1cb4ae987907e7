// PURE: may this principal do this? Anonymous on a write, on a private owner and on one that does
// not exist get the same answer; who has credentials gets 403 on what it may know of, else 404.
import type { Fault } from '../errors.ts'
import type { Principal, Scope, TokenPrincipal } from './principal.ts'
import { namesOfType } from './restriction.ts'

/**
 * - `open`: everybody, and credentials are not looked at
 * - `read`: everybody for public owners; for private ones those with a token of theirs
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

/** The fault with which the request is refused, undefined when it may go on. */
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

/** The same where credentials are what is asked for: nobody reads without, be the owner public. */
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
      // Endpoints for the deployment admin create owners, so they cope with an absent one.
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

/** What a request writes. */
export interface WriteTarget {
  /** The word for the package type in paths and rows. */
  readonly type: string
  /** Null for what belongs to none. Whoever asks has to say it: a token may be restricted to repositories alone. */
  readonly repository: string | null
  /** Undefined while it is not known, and asked again once it is. */
  readonly packageName?: string | undefined
}

/** Why a restricted token may not write there; undefined when it may. */
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
    // Whatever the name will be: an upload is refused before its body is read.
    if (patterns.length > 0) return undefined
    return restricted(`packages of the type ${type}`, 'only', packages)
  }
  if (patterns.some((pattern) => matchesPattern(pattern, packageName))) return undefined
  return restricted(`package ${type}:${packageName}`, 'only', packages)
}

/** More entries than this many are counted in a refusal. */
const SHOWN_ENTRIES = 10

export function restricted(what: string, only: string, entries: readonly string[]): Fault {
  const shown = entries.slice(0, SHOWN_ENTRIES).join(', ')
  const more = entries.length - SHOWN_ENTRIES
  const allowed = more > 0 ? `${shown} and ${more} more` : shown
  return { code: 'forbidden', detail: `the access token may not write ${what}, ${only} ${allowed}` }
}

/** `*` stands for any text, also none; everything else for itself. Linear, whatever the pattern. */
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
