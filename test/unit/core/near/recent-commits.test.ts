import { describe, expect, it } from 'vitest'
import {
  findInCommits,
  isCurrent,
  knownCommits,
  MOST_COMMITS,
  MOST_LENGTH,
  MOST_REMOVED,
  newestCommit,
  prependCommit,
  shortId,
} from '../../../../src/core/near/recent-commits.ts'

const head = (at: number) => `00000000-0000-4000-8000-${at.toString(16).padStart(12, '0')}`
const file = (at: number) => `01900000-0000-7000-8000-${at.toString(16).padStart(12, 'f')}`
const remembered = (at: number, fileAt = 1) => ({
  head: shortId(head(at)),
  fileId: shortId(file(fileAt)),
})

/** The list after commits 0 to the last, each of which removed the files that are given for it. */
function listOf(last: number, removed: Readonly<Record<number, readonly number[]>> = {}): string {
  let list: string | undefined
  for (let at = 0; at <= last; at++) {
    const before = list === undefined ? undefined : { head: head(at - 1), recent: list }
    list = prependCommit(before, head(at), (removed[at] ?? []).map(file))
  }
  return list ?? ''
}

describe('a file that was there at a commit', () => {
  it('is there as long as no later commit removed it', () => {
    const list = listOf(3, { 2: [7, 1] })
    expect(findInCommits(list, remembered(0))).toBeUndefined()
    expect(findInCommits(list, remembered(1))).toBeUndefined()
    expect(findInCommits(list, remembered(0, 8))).toBe('recent')
    // Who saw it at the commit itself saw it behind the removal: an id is used once, so it was another list.
    expect(findInCommits(list, remembered(2))).toBe('recent')
  })

  it('is not known of a commit that is not in the list', () => {
    expect(findInCommits(listOf(3), remembered(9))).toBeUndefined()
    expect(findInCommits('', remembered(0))).toBeUndefined()
  })

  it('is to be noted again when its commit is about to leave the list', () => {
    expect(findInCommits(listOf(MOST_COMMITS / 2 - 1), remembered(0))).toBe('recent')
    expect(findInCommits(listOf(MOST_COMMITS / 2), remembered(0))).toBe('old')
  })
})

describe('the list', () => {
  it('keeps so many commits', () => {
    const list = listOf(MOST_COMMITS)
    expect(findInCommits(list, remembered(0))).toBeUndefined()
    expect(findInCommits(list, remembered(1))).toBe('old')
    expect(newestCommit(list)).toBe(shortId(head(MOST_COMMITS)))
  })

  it('has so many characters, and whole entries', () => {
    const many = Array.from({ length: MOST_REMOVED }, (_, at) => at + 10)
    const list = listOf(20, Object.fromEntries(Array.from({ length: 20 }, (_, at) => [at, many])))
    expect(list.length).toBeLessThanOrEqual(MOST_LENGTH)
    expect(list).toMatch(/^([hr][0-9a-f]{12})+$/)
  })

  it('begins anew with a commit that removes more than it can say', () => {
    const many = Array.from({ length: MOST_REMOVED + 1 }, (_, at) => at + 10)
    const list = listOf(3, { 3: many })
    expect(findInCommits(list, remembered(2))).toBeUndefined()
    expect(findInCommits(list, remembered(3))).toBe('recent')
  })

  it('counts for nothing where its newest commit is not the last one', () => {
    const gap = { head: head(9), recent: listOf(3) }
    expect(isCurrent(gap)).toBe(false)
    expect(findInCommits(knownCommits(gap), remembered(3))).toBeUndefined()
    expect(findInCommits(knownCommits(gap), remembered(9))).toBe('recent')
    expect(findInCommits(prependCommit(gap, head(10), []), remembered(3))).toBeUndefined()
  })
})
