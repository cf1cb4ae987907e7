// PURE: what a place on the edge remembers, and when that allows an answer without the database. Old facts are
// harmless, since a removed name takes other bytes only after every fact from before its removal has expired:
// no cache on the edge can keep facts from being replaced by older ones.
import type { OwnerRow } from '../access/decide.ts'
import { findInCommits, newestCommit, type RememberedFile } from './recent-commits.ts'

/** What the database said of a public owner's repository. */
export interface Facts {
  /** New when a repository is made anew under its name. */
  readonly repositoryId: string
  /** The last commits (recent-commits.ts). */
  readonly commits: string
  /** From before the database was asked, Unix milliseconds. */
  readonly at: number
  /** When they count for nothing any more, by the bound of the Worker that asked. */
  readonly until: number
}

/** A path of the repository, and the file that answered it. */
export interface NearName extends RememberedFile {
  readonly repositoryId: string
  readonly owner: Pick<OwnerRow, 'id' | 'name'>
  /** What the endpoint's resource query found. */
  readonly resource: unknown
  /** Of the facts that it was noted with, Unix milliseconds. */
  readonly at: number
}

/** Clocks of the platform's machines differ by less, in milliseconds. */
export const CLOCK_ERROR_MS = 5000

/**
 * Whether facts and name allow an answer; `old` where the name should be noted again, or it leaves the list.
 * @param now after both were read, Unix milliseconds
 * @param bound milliseconds
 */
export function usableName(
  facts: Facts,
  name: NearName,
  now: number,
  bound: number,
): 'recent' | 'old' | undefined {
  const age = now - facts.at
  if (age >= bound || age < -CLOCK_ERROR_MS || now >= facts.until) return undefined
  if (facts.repositoryId !== name.repositoryId) return undefined
  return findInCommits(facts.commits, name)
}

/** The name as of the newest commit of facts that allow it. */
export function renewName(facts: Facts, name: NearName): NearName {
  return { ...name, head: newestCommit(facts.commits), at: facts.at }
}

/**
 * How long a removed name takes no other bytes, in milliseconds: as long as any place may answer with the old
 * ones, whatever its clock.
 */
export function restOf(bound: number): number {
  return bound === 0 ? 0 : bound + CLOCK_ERROR_MS
}
