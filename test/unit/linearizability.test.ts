// The checker of histories finds the errors it is there for, and nothing in right histories.
import { describe, expect, it } from 'vitest'
import { checkHistory, type Operation } from '../support/linearizability/check.ts'
import type { Action } from '../support/linearizability/model.ts'

const at = (start: number, end: number, action: Action): Operation => ({ start, end, action })
const publish = (content: string, answer: 'created' | 'same' | 'taken' | 'unknown'): Action => ({
  op: 'publish',
  file: 'f',
  content,
  answer,
})
const remove = (answer: 'removed' | 'absent' | 'unknown'): Action => ({
  op: 'remove',
  file: 'f',
  answer,
})
const index = (lists: Record<string, string> | null, of?: readonly string[]): Action => ({
  op: 'index',
  lists,
  ...(of === undefined ? {} : { of }),
})
const download = (content: string | null): Action => ({ op: 'download', file: 'f', content })
const point = (answer: 'moved' | 'unchanged' | 'absent' | 'unknown', file = 'f'): Action => ({
  ...{ op: 'point', tag: 't', file, answer },
})
const document = (files: Record<string, string>, t?: string): Action => ({
  ...{ op: 'document', files, tags: t === undefined ? {} : { t } },
})
const other = (answer: 'created' | 'unknown'): Action => ({
  op: 'publish',
  file: 'g',
  content: 'x',
  answer,
})

const wrong: Readonly<Record<string, readonly Operation[]>> = {
  'an index read before the first publish lists something': [at(0, 1, index({ f: 'a' }))],
  'a stale index after a publish': [
    at(0, 1, other('created')),
    at(2, 3, publish('a', 'created')),
    at(4, 5, index({ g: 'x' })),
  ],
  'an index that goes back, both reads during one publish': [
    at(0, 1, other('created')),
    at(2, 9, publish('a', 'created')),
    at(3, 4, index({ f: 'a', g: 'x' })),
    at(5, 6, index({ g: 'x' })),
  ],
  'no repository after its first publish': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, index(null)),
  ],
  'no repository once it was emptied': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, remove('removed')),
    at(4, 5, index(null)),
  ],
  'a lost publish': [at(0, 1, publish('a', 'created')), at(2, 3, download(null))],
  'a lost publish, noticed by the next one of its name': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, publish('b', 'created')),
  ],
  'a lost publish of two at once': [
    at(0, 5, publish('a', 'created')),
    at(1, 4, other('created')),
    at(6, 7, index({ f: 'a' })),
  ],
  'a resurrected file': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, remove('removed')),
    at(4, 5, index({})),
    at(6, 7, download('a')),
  ],
  'a resurrected file that an unknown publish of other bytes does not explain': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, remove('removed')),
    at(2, 3, publish('b', 'unknown')),
    at(6, 7, download('a')),
  ],
  'two winners of one name': [at(0, 5, publish('a', 'created')), at(1, 4, publish('b', 'created'))],
  'two removals of one file': [
    at(0, 1, publish('a', 'created')),
    at(2, 5, remove('removed')),
    at(3, 4, remove('removed')),
  ],
  'a loser without a winner': [at(1, 4, other('created')), at(0, 5, publish('a', 'taken'))],
  'a loser told that its bytes are there when others are': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, publish('b', 'same')),
  ],
  'an index that lists another identity than the bytes served': [
    at(0, 5, publish('a', 'unknown')),
    at(1, 6, publish('b', 'unknown')),
    at(7, 8, index({ f: 'b' })),
    at(9, 10, download('a')),
  ],
  'an index with a file of another architecture': [
    at(0, 1, other('created')),
    at(2, 3, index({ g: 'x' }, ['f'])),
  ],
  'an unknown publish seen, and then not seen': [
    at(0, 1, publish('a', 'unknown')),
    at(2, 3, download('a')),
    at(4, 5, download(null)),
  ],
  'an unknown publish first seen when it could no longer happen': [
    { ...at(0, 1, publish('a', 'unknown')), expiry: 2 },
    at(3, 4, download(null)),
    at(5, 6, index({ f: 'a' })),
  ],
  'an unknown removal noticed in one place only': [
    at(0, 1, publish('a', 'created')),
    { ...at(2, 3, remove('unknown')), expiry: 4 },
    at(5, 6, index({ f: 'a' })),
    at(7, 8, download(null)),
  ],
  'an unknown publish seen before it began': [
    at(2, 3, publish('a', 'unknown')),
    at(0, 1, download('a')),
  ],
  'an unknown removal that takes two files': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, remove('unknown')),
    at(4, 5, publish('b', 'created')),
    at(6, 7, download(null)),
  ],
  'a stale document after a move': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, point('moved')),
    at(4, 5, document({ f: 'a' })),
  ],
  'a document that goes back': [
    at(0, 1, publish('a', 'created')),
    at(2, 9, point('moved')),
    at(3, 4, document({ f: 'a' }, 'f')),
    at(5, 6, document({ f: 'a' })),
  ],
  'a document that mixes two states': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, point('moved')),
    at(4, 5, other('created')),
    at(6, 7, point('moved', 'g')),
    at(2, 9, document({ f: 'a' }, 'g')),
  ],
  'a tag that outlives what it points at': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, other('created')),
    at(4, 5, point('moved')),
    at(6, 7, remove('removed')),
    at(8, 9, document({ g: 'x' }, 'f')),
  ],
  'a tag that comes back with what it pointed at': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, point('moved')),
    at(4, 5, remove('removed')),
    at(6, 7, publish('a', 'created')),
    at(8, 9, point('unchanged')),
  ],
  'two indexes that disagree on the order of two publishes': [
    at(0, 9, publish('a', 'created')),
    at(0, 9, other('created')),
    at(1, 2, index({ f: 'a' })),
    at(3, 4, index({ g: 'x' })),
  ],
}

const right: Readonly<Record<string, readonly Operation[]>> = {
  'nothing at all': [],
  'one after the other': [
    at(0, 1, index(null)),
    at(2, 3, remove('absent')),
    at(4, 5, publish('a', 'created')),
    at(6, 7, index({ f: 'a' })),
    at(8, 9, publish('b', 'taken')),
    at(10, 11, publish('a', 'same')),
    at(12, 13, remove('removed')),
    at(14, 15, index({})),
    at(16, 17, publish('b', 'created')),
    at(18, 19, download('b')),
  ],
  'reads during a publish see it or not': [
    at(0, 9, publish('a', 'created')),
    at(1, 2, index(null)),
    at(3, 4, index({ f: 'a' })),
    at(0, 9, download(null)),
  ],
  'two winners of one name with a removal between': [
    at(0, 9, publish('a', 'created')),
    at(0, 9, publish('b', 'created')),
    at(0, 9, remove('removed')),
  ],
  'an unknown publish that never happened': [
    at(0, 1, publish('a', 'unknown')),
    at(2, 3, publish('b', 'created')),
    at(4, 5, index({ f: 'b' })),
  ],
  'an unknown publish that happened late': [
    at(0, 1, publish('a', 'unknown')),
    at(2, 3, download(null)),
    at(4, 5, index({ f: 'a' })),
    at(6, 7, publish('b', 'taken')),
  ],
  'an unknown publish that happened before it expired': [
    { ...at(0, 1, publish('a', 'unknown')), expiry: 4 },
    at(2, 3, index(null)),
    at(5, 6, index({ f: 'a' })),
  ],
  'an unknown publish that expired': [
    { ...at(0, 1, publish('a', 'unknown')), expiry: 2 },
    at(3, 4, publish('b', 'created')),
  ],
  'an unknown removal that happened late': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, remove('unknown')),
    at(4, 5, download('a')),
    at(6, 7, publish('b', 'created')),
  ],
  'tags that move, stay, and go with what they point at': [
    at(0, 1, document({})),
    at(2, 3, point('absent')),
    at(4, 5, publish('a', 'created')),
    at(6, 7, point('moved')),
    at(8, 9, point('unchanged')),
    at(10, 11, document({ f: 'a' }, 'f')),
    at(12, 13, remove('removed')),
    at(14, 15, document({})),
    at(16, 17, publish('b', 'created')),
    at(18, 19, document({ f: 'b' })),
  ],
  'an unknown move that happened late': [
    at(0, 1, publish('a', 'created')),
    at(2, 3, point('unknown')),
    at(4, 5, document({ f: 'a' })),
    at(6, 7, document({ f: 'a' }, 'f')),
  ],
  'an index of one architecture says nothing of another': [
    at(0, 1, other('created')),
    at(2, 3, index({}, ['f'])),
  ],
  'a read that saw a state which was gone before it returned': [
    at(0, 1, publish('a', 'created')),
    at(2, 20, download('a')),
    at(3, 4, remove('removed')),
    at(5, 6, publish('b', 'created')),
    at(7, 8, index({ f: 'b' })),
  ],
}

describe('the checker', () => {
  for (const [name, history] of Object.entries(wrong)) {
    it(`rejects ${name}`, () => {
      const verdict = checkHistory(history)
      expect(verdict.linearizable).toBe(false)
      // It is the last operation that is wrong, not just any that a careless checker trips over.
      expect(checkHistory(history.slice(0, -1)).linearizable).toBe(true)
    })
  }
  for (const [name, history] of Object.entries(right)) {
    it(`accepts ${name}`, () => expect(checkHistory(history)).toMatchObject({ linearizable: true }))
  }

  it('says which answer nothing explains, and what the repository could be', () => {
    const history = [at(0, 1, publish('a', 'created')), at(2, 3, index({ f: 'b' }))]
    const verdict = checkHistory(history)
    expect(verdict).toMatchObject({ culprit: history[1] })
    expect(!verdict.linearizable && verdict.explanation).toMatch(/index.*"b".*\n.*\{f=a\}/)
  })
})
