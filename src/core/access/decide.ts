// PURE: may this principal do this? Anonymous on a write, on a private owner and on one that does
// not exist get the same answer; who has credentials gets 403 on what it may know of, else 404.
import type { Fault } from '../errors.ts'
import type { Principal, Scope, TokenPrincipal } from './principal.ts'

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
  switch (principal.kind) {
    case 'anonymous':
      return { code: 'unauthorized' }
    case 'rejected':
      return { code: 'invalid-credentials', detail: principal.detail }
    case 'admin':
      // Endpoints for the deployment admin create owners, so they cope with an absent one.
      if (owner !== undefined || access === 'deployment-admin') return undefined
      return { code: 'not-found', detail: `no owner ${ownerName}: it has to be created first` }
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

/**
 * Why a restricted token may not write there; undefined when it may. What is left out is not known
 * yet and asked later; a repository of null is what belongs to none.
 */
export function restrictionRefusal(
  principal: Principal,
  target: { readonly repository?: string | null; readonly packageName?: string },
): Fault | undefined {
  if (principal.kind !== 'token') return undefined
  const { repository, packageName } = target
  if (repository !== undefined && principal.repositories !== null) {
    const allowed = principal.repositories.join(', ')
    const where = repository === null ? 'outside of repositories' : `to repository ${repository}`
    const detail = `the access token may not write ${where}, only to ${allowed}`
    if (repository === null || !principal.repositories.includes(repository)) {
      return { code: 'forbidden', detail }
    }
  }
  const matches = (pattern: string) =>
    packageName !== undefined && matchesPattern(pattern, packageName)
  if (packageName !== undefined && principal.packages?.some(matches) === false) {
    const allowed = principal.packages.join(', ')
    const detail = `the access token may not write package ${packageName}, only ${allowed}`
    return { code: 'forbidden', detail }
  }
  return undefined
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

function absent(ownerName: string): Fault {
  return { code: 'not-found', detail: `no owner ${ownerName}` }
}
