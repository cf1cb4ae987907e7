// The checker against random histories: those made by putting instants of a right execution into
// intervals are accepted, damaged ones are not, and small ones are judged as by trying every order.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory, type Operation } from '../support/linearizability/check.ts'
import {
  type Action,
  apply,
  isUnknown,
  NOTHING,
  type State,
} from '../support/linearizability/model.ts'

interface Step {
  kind: 'publish' | 'remove' | 'index' | 'download' | 'point' | 'document'
  file: string
  content: string
  /** How far its interval reaches to either side of its instant. */
  before: number
  after: number
  /** Of some changes the answer is lost; whether they took effect all the same. */
  lost: boolean
  effect: boolean
}

const steps = (jitter: number, length: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(
        ...(['publish', 'publish', 'remove', 'index', 'download', 'point', 'document'] as const),
      ),
      file: fc.constantFrom('f', 'g'),
      content: fc.constantFrom('a', 'b'),
      before: fc.integer({ min: 0, max: jitter }),
      after: fc.integer({ min: 0, max: jitter }),
      lost: jitter === 0 ? fc.constant(false) : fc.integer({ max: 9, min: 0 }).map((n) => n === 0),
      effect: fc.boolean(),
    }),
    { minLength: 1, maxLength: length },
  )

/** Carries the steps out one after the other, by means of its own, and notes intervals around. */
function execute(all: readonly Step[]): Operation[] {
  const files = new Map<string, string>()
  let tagged: string | undefined
  let exists = false
  return all.map((step, at) => {
    const { file, content, lost, effect } = step
    const action = ((): Action => {
      const existing = files.get(file)
      switch (step.kind) {
        case 'index':
          return { op: 'index', lists: exists ? Object.fromEntries(files) : null }
        case 'download':
          return { op: 'download', file, content: existing ?? null }
        case 'remove':
          if (!lost || effect) {
            files.delete(file)
            if (tagged === file) tagged = undefined
          }
          if (lost) return { op: 'remove', file, answer: 'unknown' }
          return { op: 'remove', file, answer: existing === undefined ? 'absent' : 'removed' }
        case 'document': {
          const tags = tagged === undefined ? {} : { t: tagged }
          return { op: 'document', files: Object.fromEntries(files), tags }
        }
        case 'point': {
          const answer = existing === undefined ? 'absent' : tagged === file ? 'unchanged' : 'moved'
          if (existing !== undefined && (!lost || effect)) tagged = file
          return { op: 'point', tag: 't', file, answer: lost ? 'unknown' : answer }
        }
        case 'publish': {
          if (existing === undefined && (!lost || effect)) {
            files.set(file, content)
            exists = true
          }
          if (lost) return { op: 'publish', file, content, answer: 'unknown' }
          const answer =
            existing === undefined ? 'created' : existing === content ? 'same' : 'taken'
          return { op: 'publish', file, content, answer }
        }
      }
    })()
    return { start: at * 10 - step.before, end: at * 10 + step.after + 1, action }
  })
}

/** Another answer to the same question. */
function damage(action: Action): Action {
  switch (action.op) {
    case 'publish':
      return { ...action, answer: action.answer === 'created' ? 'taken' : 'created' }
    case 'remove':
      return { ...action, answer: action.answer === 'removed' ? 'absent' : 'removed' }
    case 'index': {
      const { f, ...rest } = action.lists ?? {}
      return { op: 'index', lists: f === undefined ? { ...rest, f: 'a' } : rest }
    }
    case 'download':
      return { ...action, content: action.content === 'a' ? 'b' : 'a' }
    case 'point':
      return { ...action, answer: action.answer === 'moved' ? 'unchanged' : 'moved' }
    case 'document':
      return { ...action, tags: action.tags.t === 'f' ? {} : { t: 'f' } }
  }
}

function damageAt(history: readonly Operation[], at: number): Operation[] {
  return history.map((operation, place) =>
    place === at % history.length ? { ...operation, action: damage(operation.action) } : operation,
  )
}

/** Tries every order, and for unknown operations also that they never happened. */
function isExplained(history: readonly Operation[], state: State = NOTHING): boolean {
  if (history.every(({ action }) => isUnknown(action))) return true
  const ends = history.map(({ end, action }) => (isUnknown(action) ? Infinity : end))
  return history.some((operation, at) => {
    if (ends.some((end, other) => other !== at && end < operation.start)) return false
    const after = apply(state, operation.action)
    const rest = history.filter((other) => other !== operation)
    return after !== undefined && isExplained(rest, after)
  })
}

const runs = { numRuns: 300 }

describe('the checker', () => {
  it('accepts every right execution, however its operations overlap', () => {
    fc.assert(
      fc.property(steps(60, 40), (all) => {
        expect(checkHistory(execute(all))).toMatchObject({ linearizable: true })
      }),
      runs,
    )
  })

  it('rejects every wrong answer where nothing overlaps', () => {
    fc.assert(
      fc.property(steps(0, 40), fc.nat(), (all, at) => {
        const history = damageAt(execute(all), at)
        expect(checkHistory(history)).toMatchObject({ linearizable: false })
      }),
      runs,
    )
  })

  it('rejects most wrong answers where much overlaps', () => {
    let rejected = 0
    let damaged = 0
    fc.assert(
      fc.property(steps(25, 40), fc.nat(), (all, at) => {
        const history = execute(all)
        const { action } = history[at % history.length] ?? {}
        fc.pre(action !== undefined && !isUnknown(action))
        damaged++
        if (!checkHistory(damageAt(history, at)).linearizable) rejected++
      }),
      runs,
    )
    console.info(`${rejected} of ${damaged} damaged histories were rejected`)
    expect(rejected / damaged).toBeGreaterThan(0.6)
  })

  it('judges small histories as trying every order does', () => {
    let rejected = 0
    fc.assert(
      fc.property(steps(30, 7), fc.array(fc.nat(), { maxLength: 2 }), (all, places) => {
        const history = places.reduce(damageAt, execute(all))
        const explained = isExplained(history)
        if (!explained) rejected++
        expect(checkHistory(history).linearizable).toBe(explained)
      }),
      { numRuns: 1000 },
    )
    expect(rejected).toBeGreaterThan(100)
  })
})
