// What the header of a page says of the reader who is signed in, and what a page may offer them.
import { refusalOf } from '../core/access/decide.ts'
import type { Call } from '../http/endpoint.ts'
import type { Viewer } from './layout.tsx'
import { OWNERS_PATH, ownerPath } from './paths.ts'

/**
 * Null for nobody, and for credentials in a header: those are never refused where everybody may read,
 * so that a page that named them would say of any guess whether it is right.
 */
export function viewerOf({ principal, owner, session }: Call): Viewer | null {
  if (session === undefined) return null
  const may = (access: 'write' | 'owner-admin') =>
    owner !== undefined && refusalOf(access, principal, owner, owner.name) === undefined
  const { holder } = session
  return {
    ...(holder === undefined
      ? { label: 'Admin · all owners', home: OWNERS_PATH }
      : { label: `${holder.owner} · ${holder.token}`, home: ownerPath(holder.owner) }),
    mayWrite: may('write'),
    mayManage: may('owner-admin'),
    csrfToken: session.csrfToken,
  }
}
