// What the header of a page says of the reader who is signed in, and what a page may offer them.
import { refusalOf } from '../core/access/decide.ts'
import type { Call } from '../http/endpoint.ts'
import type { Viewer } from './layout.tsx'

/**
 * Null for nobody, and for credentials in a header: those are never refused where everybody may read,
 * so that a page that named them would say of any guess whether it is right.
 */
export function viewerOf({ principal, owner, session }: Call): Viewer | null {
  if (session === undefined) return null
  const may = (access: 'write' | 'owner-admin') =>
    owner !== undefined && refusalOf(access, principal, owner, owner.name) === undefined
  const isAdmin = principal.kind === 'admin'
  return {
    label: isAdmin ? 'Admin' : 'Access token',
    mayWrite: may('write'),
    mayManage: may('owner-admin'),
    csrfToken: session.csrfToken,
    isAdmin,
  }
}
