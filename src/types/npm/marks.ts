// Deprecation: a text that clients print when they install the version. `npm deprecate` reads the document of the
// package and puts all of it back with the texts in it.
import { readResource } from '../../core/access/access-row.ts'
import { authorOf } from '../../core/access/principal.ts'
import { invalidRequest } from '../../core/errors.ts'
import { timeOrderedId } from '../../core/ids.ts'
import type { PackageState } from '../../core/packages/document.ts'
import { setMarks } from '../../core/packages/marks.ts'
import type { OwnedCall } from '../../http/endpoint.ts'
import { requireChange } from '../../http/package-change.ts'
import { refuseRevoked } from '../../http/revocation.ts'
import { done } from './dialect.ts'
import { type Deprecations, parseDeprecations } from './format/deprecations.ts'
import { findPackage, foldVersion, TYPE } from './names.ts'

/** The mark; its value is the text. */
export const DEPRECATED = 'npm.deprecated'

/**
 * @param kept of the body, which has no tarball
 * @throws FormatError; RegistryError not-found, invalid-request, outcome-unknown, invalid-credentials
 */
export async function deprecate(
  call: OwnedCall,
  packageName: string,
  kept: unknown,
): Promise<Response> {
  const { revision, texts } = parseDeprecations(kept, packageName)
  await refuseRevoked(call)
  // The shape is that of the query.
  const found = await readResource(call.env.DB, call.owner, findPackage(call.params))
  requireRevision(found as PackageState | undefined, revision)
  const outcome = await setMarks(
    call.env.DB,
    { ownerId: call.owner.id, type: TYPE },
    { packageName, marks: marksOf(texts) },
    { changeId: timeOrderedId(Date.now()), createdBy: authorOf(call.principal) },
  )
  requireChange(outcome, `${packageName} is not there, or not in all of the versions that are sent`)
  return done()
}

/**
 * Clients change what they read, and send it back: what others changed meanwhile must not be undone by that.
 * @throws RegistryError invalid-request
 */
export function requireRevision(
  found: PackageState | undefined,
  revision: string | undefined,
): void {
  // Of other registries, and of none, nothing is known.
  if (found === undefined || !/^[0-9a-f]{32}$/.test(revision ?? '')) return
  if (found.state === revision) return
  throw invalidRequest(`${found.displayName} changed since it was read: do it again`)
}

function marksOf(texts: Deprecations['texts']) {
  return [...texts].map(([version, text]) => ({
    ...{ version: foldVersion(version), name: DEPRECATED, value: text || null, withdraws: false },
  }))
}
