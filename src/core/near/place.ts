// A place on the edge, as one isolate in it sees it: what it remembers of public owners' files, and whether that
// allows an answer without the database. Two entries make one: the facts of a repository, which every answer
// from the database renews, and the file of a path, as of one of the repository's commits.
import type { NearCache } from './cache.ts'
import { type Facts, type NearName, renewName, usableName } from './facts.ts'
import type { HeldFacts, NearMemory } from './memory.ts'
import { knownCommits, type RepositoryHead, shortId } from './recent-commits.ts'

/** Whose path of which repository; the names as requests have them, after they were checked. */
export interface NearPath {
  readonly ownerName: string
  readonly type: string
  /** Its name within the owner; undefined for the collection: the files of the type that are in no repository. */
  readonly repository: string | undefined
  /** Within the repository; undefined for an index or a document, of which no answer is ever near. */
  readonly path: string | undefined
}

/** What the database says of the repository or the collection of a public owner, together with what it says of the file. */
export interface AskedRepository extends RepositoryHead {
  readonly id: string
}

export interface NearPlace {
  readonly memory: NearMemory
  readonly cache: NearCache
  /** Unix milliseconds. */
  readonly now: () => number
  /** How long facts count, in milliseconds. */
  readonly bound: number
}

/** Nobody needs a name for longer: in seconds. */
const NAME_SECONDS = 24 * 60 * 60

function factsKey({ ownerName, type, repository }: NearPath): string {
  return JSON.stringify(['facts', ownerName, type, repository])
}

function nameKey({ ownerName, type, repository, path }: NearPath): string {
  return JSON.stringify(['name', ownerName, type, repository, path])
}

/** What the isolate itself remembers, if that is enough: without a promise, since most requests end here. */
export function recallFile(place: NearPlace, path: NearPath): NearName | undefined {
  const facts = place.memory.facts.find(factsKey(path))
  const name = place.memory.names.find(nameKey(path))
  return facts && name && use(place, path, facts, name)
}

/** What the place's cache and the isolate's memory allow together. */
export async function findNearFile(
  place: NearPlace,
  path: NearPath,
): Promise<NearName | undefined> {
  const { memory, cache } = place
  const keys = { facts: factsKey(path), name: nameKey(path) }
  const [facts, name] = await Promise.all([
    cache.find<Facts>(keys.facts),
    cache.find<NearName>(keys.name),
  ])
  if (facts !== undefined) memory.facts.note(keys.facts, { ...facts, keptAt: facts.at })
  if (name !== undefined) memory.names.note(keys.name, name)
  return recallFile(place, path)
}

function use(place: NearPlace, path: NearPath, facts: Facts, name: NearName): NearName | undefined {
  // The clock is read behind all that was waited for.
  const usable = usableName(facts, name, place.now(), place.bound)
  if (usable === 'old') noteName(place, path, renewName(facts, name))
  return usable && name
}

/**
 * Notes what the database said of a public owner.
 * @param asked Unix milliseconds of the isolate's clock, from before the statement was sent
 * @param found the file of the path, if there is one
 */
export function noteAnswer(
  place: NearPlace,
  path: NearPath,
  repository: AskedRepository,
  asked: number,
  found:
    | { readonly fileId: string; readonly owner: NearName['owner']; readonly resource: unknown }
    | undefined,
): void {
  const commits = knownCommits(repository)
  const facts = { repositoryId: repository.id, commits, at: asked, until: asked + place.bound }
  const key = factsKey(path)
  const known = place.memory.facts.find(key)
  const kept = isKept(known, facts, place.bound) ? known : undefined
  const isNew = place.memory.facts.note(key, { ...facts, keptAt: kept?.keptAt ?? asked })
  if (isNew && kept === undefined) {
    place.cache.put(key, facts, Math.max(1, Math.ceil(place.bound / 1000)))
  }
  if (found === undefined || path.path === undefined) return
  const { owner, resource } = found
  // Of the head of this very statement: facts that came since may be of a later one.
  const head = shortId(repository.head)
  const fileId = shortId(found.fileId)
  noteName(place, path, { repositoryId: repository.id, head, fileId, owner, resource, at: asked })
}

/**
 * Whether the place's cache was given the same a moment ago: an install asks for hundreds of documents, each of which
 * would put the same list there. So what others find there has been true for a quarter of the bound at most.
 */
function isKept(known: HeldFacts | undefined, facts: Facts, bound: number): known is HeldFacts {
  if (known === undefined || known.repositoryId !== facts.repositoryId) return false
  return known.commits === facts.commits && 4 * (facts.at - known.keptAt) < bound
}

function noteName({ memory, cache }: NearPlace, path: NearPath, name: NearName): void {
  const key = nameKey(path)
  memory.names.note(key, name)
  cache.put(key, name, NAME_SECONDS)
}

/** Whoever removes something here asks the database next. */
export async function forgetFacts(place: NearPlace, path: NearPath): Promise<void> {
  const key = factsKey(path)
  const at = Math.max(place.now(), place.memory.facts.find(key)?.at ?? 0)
  // They allow nothing, and keep out those of a statement that was sent before the removal and answered after it.
  place.memory.facts.note(key, { repositoryId: '', commits: '', at, until: 0, keptAt: at })
  await place.cache.forget(key)
}
