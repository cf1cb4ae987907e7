// The history of an owner or of a repository, as the API and the pages ask for it: page by page, for public owners from
// the edge, and in words.
import { invalidRequest, RegistryError } from '../core/errors.ts'
import {
  type History,
  type HistoryEntry,
  type HistoryPage,
  type HistoryPosition,
  type HistoryState,
  readHistory,
} from '../core/packages/history.ts'
import { quote } from '../formats/format-error.ts'
import type { OwnedCall } from './endpoint.ts'
import { keptAnswer } from './kept-list.ts'
import { packagePagePath } from './path.ts'

/** The entry that a page follows: its position and its id. */
export const AFTER = /^(\d{1,15})\.([\w.-]{1,300})$/

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * @param manages whether the entries have their tokens: such an answer is kept nowhere
 * @throws RegistryError not-found where there is no such repository, storage-unavailable
 */
export async function findHistory(
  call: OwnedCall<HistoryState>,
  page: HistoryPage,
  manages: boolean,
): Promise<History> {
  const { env, owner, params, resource: state } = call
  if (state === undefined) {
    const shown = Object.values(params).join('/')
    throw new RegistryError({ code: 'not-found', detail: `no such repository: ${quote(shown)}` })
  }
  const of = { ownerId: owner.id, repositoryId: state.repositoryId }
  if (manages) return readHistory(env.DB, of, page)
  // What the sweep forgets, and the log of a repository that is deleted, is in kept answers for a day at most.
  const day = Math.floor(Date.now() / DAY_MS)
  return keptAnswer(call, 'history-1', [state, day, page], async (reader) => {
    const { entries, more } = await readHistory(reader, of, page)
    return { entries: entries.map((entry) => ({ ...entry, by: '', tokenName: null })), more }
  })
}

/** @throws RegistryError invalid-request */
export function parseAfter(url: URL): HistoryPosition | undefined {
  const text = url.searchParams.get('after')
  if (text === null) return undefined
  const [, position, id] = AFTER.exec(text) ?? []
  if (position !== undefined && id !== undefined) return { position: Number(position), id }
  throw invalidRequest('after must be as the page before gave it')
}

export function formatAfter({ position, id }: HistoryPosition): string {
  return `${position}.${id}`
}

/** The path of the page of the entry's version; undefined where the file is gone. */
export function versionPageOf(
  ownerName: string,
  { type, foundName, foundVersion }: HistoryEntry,
): string | undefined {
  if (foundName === null || foundVersion === null) return undefined
  return packagePagePath(ownerName, type, foundName, foundVersion)
}

const VERBS: Readonly<Record<HistoryEntry['op'], string>> = {
  publish: 'Published',
  remove: 'Removed',
  reindex: 'Wrote the index files anew',
}

const PREPOSITIONS: Readonly<Record<HistoryEntry['op'], string>> = {
  publish: 'to',
  remove: 'from',
  reindex: 'of',
}

/** `Published hello 1.0.0-r0 for x86_64 to edge/main`. */
export function describeChange(entry: HistoryEntry): string {
  const { op, repository } = entry
  const place = repository === null ? [] : [PREPOSITIONS[op], repository]
  return [VERBS[op], ...nameOf(entry), ...place].join(' ')
}

/** The package and its version, with the file's name where that does not say both. */
function nameOf({ packageName, version, fileName, architecture }: HistoryEntry) {
  if (fileName === '') return []
  const of = architecture === '' ? [] : ['for', architecture]
  if (packageName === null || version === null) return [fileName, ...of]
  const says = fileName.includes(packageName) && fileName.includes(version)
  return [packageName, version, ...(says ? [] : [`(${fileName})`]), ...of]
}
