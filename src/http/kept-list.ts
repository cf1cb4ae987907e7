// Answers about the lists of a public owner from the edge: who asks for the same again costs the database the one
// statement of every request. An answer is kept under a name that has the lists' states in it, so that a change of a list makes another name.
import { sha256 } from '../core/digests.ts'
import { findKept, type KeptName, keepBytes } from '../core/edge-cache.ts'
import { readStarts, START_STEP, type Start } from '../core/packages/list-starts.ts'
import type { ListState } from '../core/packages/list-state.ts'
import { MAX_OFFSET } from '../core/packages/lists.ts'
import type { Reader } from '../core/packages/reader.ts'
import type { Search } from '../core/packages/search.ts'
import { edgeOf } from './edge.ts'
import type { OwnedCall } from './endpoint.ts'

/**
 * @param form names what `read` gives, with a number: whoever changes its shape raises that
 * @param question all that `read` depends on beside the owner's packages; of one type alone it has the `type`
 * @param read gives plain JSON. It is given the primary: a replica may be older than the states.
 */
export async function keptList<T>(
  call: OwnedCall<ListState>,
  form: string,
  question: { readonly type?: string | undefined },
  read: (reader: Reader) => Promise<T>,
): Promise<T> {
  const { resource } = call
  if (resource === undefined) return read(call.env.DB)
  const { states } = resource
  const state = question.type === undefined ? states : states[question.type]
  return keptAnswer(call, form, [state ?? '', question], read)
}

/** Likewise of anything about a public owner. @param question all that `read` depends on, and what changes with that */
export async function keptAnswer<T>(
  call: OwnedCall,
  form: string,
  question: readonly unknown[],
  read: (reader: Reader) => Promise<T>,
): Promise<T> {
  const { env, owner } = call
  if (owner.visibility !== 'public') return read(env.DB)
  const digest = sha256(JSON.stringify([form, owner.id, ...question]))
  const name: KeptName = `list ${digest}`
  const edge = edgeOf(call)
  const kept = await findKept(edge, name)
  // The one place where what was kept is taken for what its name says.
  if (kept !== undefined) return JSON.parse(await new Response(kept.body).text()) as T
  const value = await read(env.DB)
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  keepBytes(edge, name, bytes)
  return value
}

/**
 * Of a page far within a list of a public owner's: an entry before it, which the edge knows as long as nothing changes,
 * so that not each page passes over all entries before it.
 * @param of the versions of the list, newest first, or its packages by name
 */
export async function keptStart(
  call: OwnedCall<ListState>,
  { ownerId, type, repository, text, page }: Search,
  of: 'versions' | 'packages',
): Promise<Start | undefined> {
  const { offset, after } = page
  const isFar = offset >= START_STEP && offset <= MAX_OFFSET && after === undefined
  if (!isFar || (text ?? '') !== '' || call.owner.visibility !== 'public') return undefined
  const question = { ownerId, type, repository }
  const starts = await keptList(call, `starts-1 ${of}`, question, (reader) =>
    readStarts(reader, question, of),
  )
  return starts.findLast(({ passed }) => passed <= offset)
}
