import { describe, expect, it } from 'vitest'
import { CLOCK_ERROR_MS, renewName, restOf, usableName } from '../../../../src/core/near/facts.ts'
import { prependCommit, shortId } from '../../../../src/core/near/recent-commits.ts'

const HEAD = '00000000-0000-4000-8000-00000000000a'
const BOUND = 10_000
const AT = 1_000_000
const commits = prependCommit(undefined, HEAD, [])
const facts = { repositoryId: 'r1', commits, at: AT, until: AT + BOUND }
const name = {
  repositoryId: 'r1',
  head: shortId(HEAD),
  fileId: '0123456789ab',
  owner: { id: 'o', name: 'acme' },
  resource: {},
  at: AT,
}

describe('facts allow an answer', () => {
  it.each([
    ['at once', facts, name, AT, BOUND, 'recent'],
    ['just before the bound', facts, name, AT + BOUND - 1, BOUND, 'recent'],
    ['not at the bound', facts, name, AT + BOUND, BOUND, undefined],
    ['not beyond a bound that became shorter', facts, name, AT + 3000, 3000, undefined],
    [
      'not beyond their end, where the bound became longer',
      facts,
      name,
      AT + BOUND,
      60_000,
      undefined,
    ],
    ['of a clock that is ahead', facts, name, AT - CLOCK_ERROR_MS, BOUND, 'recent'],
    ['not of a clock that cannot be', facts, name, AT - CLOCK_ERROR_MS - 1, BOUND, undefined],
    [
      'not for another repository of the name',
      { ...facts, repositoryId: 'r2' },
      name,
      AT,
      BOUND,
      undefined,
    ],
    [
      'not for a commit that they do not know',
      facts,
      { ...name, head: 'ffffffffffff' },
      AT,
      BOUND,
      undefined,
    ],
  ] as const)('%s', (_, given, of, now, bound, expected) => {
    expect(usableName(given, of, now, bound)).toBe(expected)
  })
})

it('a name is noted again as of the newest commit', () => {
  const next = '00000000-0000-4000-8000-00000000000b'
  const later = {
    ...facts,
    commits: prependCommit({ head: HEAD, recent: commits }, next, []),
    at: AT + 5,
  }
  expect(renewName(later, name)).toMatchObject({
    head: shortId(next),
    at: AT + 5,
    fileId: name.fileId,
  })
})

it('a name rests for the bound and what clocks differ by, and not at all without a bound', () => {
  expect(restOf(BOUND)).toBe(BOUND + CLOCK_ERROR_MS)
  expect(restOf(0)).toBe(0)
})
