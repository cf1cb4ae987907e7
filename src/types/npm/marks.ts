// Deprecation: a text that clients print when they install the version. `npm deprecate` reads the document of the
// package and puts all of it back with the texts in it.
import { authorOf } from '../../core/access/principal.ts'
import { RegistryError } from '../../core/errors.ts'
import { timeOrderedId } from '../../core/ids.ts'
import { type MarksOutcome, setMarks } from '../../core/packages/marks.ts'
import type { OwnedCall } from '../../http/endpoint.ts'
import { refuseRevoked } from '../../http/revocation.ts'
import { done } from './dialect.ts'
import { type Deprecations, parseDeprecations } from './format/deprecations.ts'
import { foldVersion, TYPE } from './names.ts'

/** The mark; its value is the text. */
export const DEPRECATED = 'npm.deprecated'

/**
 * @param kept of the body, which has no tarball
 * @throws FormatError; RegistryError not-found, outcome-unknown, invalid-credentials
 */
export async function deprecate(
  call: OwnedCall,
  packageName: string,
  kept: unknown,
): Promise<Response> {
  const { texts } = parseDeprecations(kept, packageName)
  await refuseRevoked(call)
  const place = { ownerId: call.owner.id, type: TYPE }
  const outcome = await setMarks(
    call.env.DB,
    place,
    { packageName, marks: marksOf(texts) },
    { changeId: timeOrderedId(Date.now()), createdBy: authorOf(call.principal) },
  )
  return answer(outcome, packageName)
}

function marksOf(texts: Deprecations['texts']) {
  return [...texts].map(([version, text]) => ({
    version: foldVersion(version),
    name: DEPRECATED,
    value: text === '' ? null : text,
    withdraws: false,
  }))
}

function answer(outcome: MarksOutcome, packageName: string): Response {
  switch (outcome) {
    case 'changed':
    case 'unchanged':
      return done()
    case 'package-absent':
      throw new RegistryError({ code: 'not-found', detail: `no such package: "${packageName}"` })
    case 'version-absent': {
      const detail = `a version of ${packageName} that is sent is not there, or not any more: read the package and deprecate again`
      throw new RegistryError({ code: 'not-found', detail })
    }
    case 'token-ended':
      throw new RegistryError({
        code: 'invalid-credentials',
        detail: 'the access token was revoked, or has expired',
      })
    case 'too-large': {
      const detail = 'the texts of `deprecated` are too long, alone or together: shorten them'
      throw new RegistryError({ code: 'invalid-request', detail })
    }
    case 'unknown':
      throw new RegistryError({ code: 'outcome-unknown' })
  }
}
