// What a change of marks or tags came to, as an answer of HTTP.
import { invalidRequest, RegistryError } from '../core/errors.ts'
import { MARK_VALUE_BYTES, type MarksOutcome } from '../core/packages/marks.ts'
import { tagBytesOf } from '../core/quota/weights.ts'
import type { OwnedCall } from './endpoint.ts'
import { refuseFull } from './quota.ts'

/**
 * Of a tag for which the owner had no room.
 * @throws RegistryError quota-exceeded; storage-unavailable where there is room by now
 */
export async function refuseTag(call: OwnedCall, tag: string): Promise<never> {
  await refuseFull(call, { metadata_bytes: tagBytesOf(tag) })
  throw new RegistryError({
    code: 'storage-unavailable',
    detail: 'the owner had no room for the tag a moment ago, and has it now: try again',
  })
}

/**
 * @param absent what to say where there is no such package, or no such version
 * @throws RegistryError not-found, invalid-request for values that are too long, invalid-credentials, outcome-unknown
 */
export function requireChange(outcome: MarksOutcome | 'tag-absent', absent: string): void {
  switch (outcome) {
    case 'changed':
    case 'unchanged':
      return
    case 'token-ended': {
      const detail = 'the access token was revoked, or has expired'
      throw new RegistryError({ code: 'invalid-credentials', detail })
    }
    case 'too-large':
      throw invalidRequest(`a value has more than ${MARK_VALUE_BYTES} bytes: shorten it`)
    case 'unknown':
      throw new RegistryError({ code: 'outcome-unknown' })
    default:
      throw new RegistryError({ code: 'not-found', detail: absent })
  }
}
