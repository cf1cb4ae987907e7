// Answers a GET of a document about a package: conditions and HEAD by the state that the request's one
// statement found, then the text from the edge, or made of rows.

import { isKnown } from '../core/access/principal.ts'
import { RegistryError } from '../core/errors.ts'
import type { PackageState } from '../core/packages/document.ts'
import { type DocumentForm, documentDigest, openDocument } from '../core/packages/document-body.ts'
import { isNotModified } from './conditional.ts'
import { edgeOf } from './edge.ts'
import type { OwnedCall } from './endpoint.ts'
import { cacheControl } from './file-response.ts'
import { countReader } from './limiter.ts'
import type { Content, Operation } from './operation.ts'

export interface DocumentAnswer
  extends Pick<DocumentForm, 'form' | 'digests' | 'readme' | 'build'> {
  readonly contentType: string
  /** The request's header that chose the form, such as `accept`. */
  readonly vary?: string
  /** Whether the text has the origin in it, as that of absolute addresses does; else `build` gets an empty one. */
  readonly byOrigin?: true
  /** What to say where there is no such thing, or no more. */
  readonly absent: string
}

/** What a document can be answered with, besides what is refused. */
export function documentAnswers(content: Content): Pick<Operation, 'answers' | 'faults'> {
  return {
    answers: {
      200: { description: 'The document', content },
      304: { description: 'The copy that was named is current' },
    },
    faults: ['too-many-requests'],
  }
}

/**
 * @param found what `findPackageState` found, which also says what the document is about
 * @throws RegistryError not-found, too-many-requests, storage-unavailable
 */
export async function documentResponse(
  call: OwnedCall,
  found: PackageState | undefined,
  answer: DocumentAnswer,
): Promise<Response> {
  if (found === undefined) throw absent(answer)
  const { request, env, url } = call
  const form = { ...answer, origin: answer.byOrigin === true ? url.origin : '' }
  const etag = `"${documentDigest(found.state, found, form)}"`
  const headers = new Headers({
    'cache-control': cacheControl(call.owner.visibility, false),
    'server-timing': `db;dur=${call.databaseMs}`,
  })
  if (answer.vary !== undefined) headers.set('vary', answer.vary)
  setValidators(headers, etag, found.changedAt)
  const { changedAt } = found
  if (isNotModified(request.headers, { etag, changedAt }, Date.now())) {
    return new Response(null, { status: 304, headers })
  }
  headers.set('content-type', answer.contentType)
  if (request.method === 'HEAD') return new Response(null, { headers })
  const beforeRows = async () => {
    if (!isKnown(call.principal)) await countReader(env, 'DOCUMENT_READERS', request)
  }
  const opened = await openDocument({ ...edgeOf(call), db: env.DB, beforeRows }, found, form)
  if (opened === undefined) throw absent(answer)
  const { state, body, length, from } = opened
  // The package may have changed since it was found: the body's own state counts.
  setValidators(headers, `"${documentDigest(state.state, found, form)}"`, state.changedAt)
  if (length !== undefined) headers.set('content-length', String(length))
  headers.append('server-timing', `cache;desc=${from === 'cache' ? 'hit' : 'miss'}`)
  return new Response(body, { headers })
}

function setValidators(headers: Headers, etag: string, changedAt: number): void {
  headers.set('etag', etag)
  headers.set('last-modified', new Date(changedAt).toUTCString())
}

function absent({ absent: detail }: DocumentAnswer): RegistryError {
  return new RegistryError({ code: 'not-found', detail })
}
