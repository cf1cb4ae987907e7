// PURE: the last commits of a repository as its row keeps them, newest first, each followed by the files that
// it removed. A place on the edge that remembers a file as of one of these commits reads here whether a later
// one removed it. Entries have one width, so that a list that grew too long is cut anywhere: what is cut off
// is forgotten, and a place that remembers it asks the database. A collection has the same list of its changes
// (core/packages/state.ts), with its state for the head; there the database writes it.

/** What is kept of an id: its last 12 hex digits, which are random in UUIDs of versions 4 and 7. */
const ID_LENGTH = 12
const WIDTH = 1 + ID_LENGTH
const COMMIT = 'h'
const REMOVED = 'r'

/** Commits that are kept at most; of a collection its length alone says. */
export const MOST_COMMITS = 256
/** Characters of a list at most, since each answer of a file or an index carries one from the database. */
export const MOST_LENGTH = Math.floor(6144 / WIDTH) * WIDTH
/** A commit that removes more files begins a new list. */
export const MOST_REMOVED = 64

export interface RepositoryHead {
  /** The random id of the last commit. */
  readonly head: string
  /** The list as the row has it. */
  readonly recent: string
}

export function shortId(id: string): string {
  return id.slice(-ID_LENGTH)
}

const entryOf = (kind: typeof COMMIT | typeof REMOVED, id: string) => kind + shortId(id)

/** The entry of a commit in SQL, by the expression for its id. */
export const commitEntry = (id: string) => `'${COMMIT}' || substr(${id}, -${ID_LENGTH})`

/**
 * What a commit puts behind its own entry; null where it begins a new list.
 * @param removed ids of files
 */
export function removedEntries(removed: readonly string[]): string | null {
  if (removed.length > MOST_REMOVED) return null
  return removed.map((id) => entryOf(REMOVED, id)).join('')
}

/**
 * Whether the list's newest commit is the last one. Else code that keeps no list made the last commit, and may
 * have removed what nobody can tell.
 */
export function isCurrent({ head, recent }: RepositoryHead): boolean {
  return recent.startsWith(entryOf(COMMIT, head))
}

/** What readers may take for the list: one with a gap counts for nothing. */
export function knownCommits(repository: RepositoryHead): string {
  return isCurrent(repository) ? repository.recent : entryOf(COMMIT, repository.head)
}

/**
 * The list with one more commit.
 * @param before of the commit that it is based on; undefined for the first
 * @param removed ids of files
 */
export function prependCommit(
  before: RepositoryHead | undefined,
  head: string,
  removed: readonly string[],
): string {
  const newest = entryOf(COMMIT, head)
  const gone = removedEntries(removed)
  if (before === undefined || gone === null) return newest
  return cut(newest + gone + knownCommits(before))
}

function cut(list: string): string {
  let commits = 0
  for (let at = 0; at < list.length; at += WIDTH) {
    if (at + WIDTH > MOST_LENGTH) return list.slice(0, at)
    if (list[at] === COMMIT && ++commits > MOST_COMMITS) return list.slice(0, at)
  }
  return list
}

/** As of which commit a file was there. */
export interface RememberedFile {
  /** Short ids. */
  readonly head: string
  readonly fileId: string
}

/**
 * Whether a file that was there at one commit is there at the newest of the list: `old` where that commit is
 * about to leave the list.
 */
export function findInCommits(
  list: string,
  { head, fileId }: RememberedFile,
): 'recent' | 'old' | undefined {
  const [seen, gone] = [entryOf(COMMIT, head), entryOf(REMOVED, fileId)]
  let commits = 0
  for (let at = 0; at < list.length; at += WIDTH) {
    if (list.startsWith(seen, at)) {
      return 2 * at >= MOST_LENGTH || 2 * commits >= MOST_COMMITS ? 'old' : 'recent'
    }
    if (list.startsWith(gone, at)) return undefined
    if (list[at] === COMMIT) commits += 1
  }
  return undefined
}

/** The newest commit of a list, as a short id. */
export function newestCommit(list: string): string {
  return list.slice(1, WIDTH)
}
