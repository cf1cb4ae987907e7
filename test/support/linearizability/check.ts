// Decides whether a recorded history is linearizable: whether each operation can be given an
// instant between its call and its return so that, one after the other, all answers are right.
// Follows every state that the repository can be in (Wing and Gong's search, with the choice of an
// order put off to the next return, as by Lowe, "Testing for linearizability"). What only observes
// is given its instant at the first state that agrees with it, which loses nothing.
import { type Action, apply, isChange, isUnknown, NOTHING, type State } from './model.ts'

export interface Operation {
  /** Any clock on which an operation that ended before another began has the smaller time. */
  readonly start: number
  /** Of no account for an unknown one: it may take effect at any time after its start, or never. */
  readonly end: number
  readonly action: Action
  /** When an unknown one that took no effect can no longer take any. */
  readonly expiry?: number
}

export type Verdict =
  | { readonly linearizable: true /** The most states followed at once. */; readonly width: number }
  | { readonly linearizable: false; readonly culprit: Operation; readonly explanation: string }

/** One way in which the history so far may have gone. */
interface Course {
  readonly state: State
  /** Which of the operations under way took effect. */
  readonly effected: ReadonlySet<Operation>
}

/** Far more than histories of these tests need; a larger one has too much overlap to be checked. */
const MOST_COURSES = 200_000

export function checkHistory(history: readonly Operation[]): Verdict {
  const identify = numbering(history)
  let courses = new Map<string, Course>()
  const add = (to: Map<string, Course>, state: State, effected: ReadonlySet<Operation>) => {
    const all = new Set([...effected, ...observers(state, underway)])
    const key = `${state.key} | ${[...all].map(identify).sort().join()}`
    if (to.has(key)) return undefined
    if (to.size === MOST_COURSES) throw new Error('too much overlap: make the history shorter')
    const course: Course = { state, effected: all }
    to.set(key, course)
    return course
  }
  const underway = new Set<Operation>()
  let width = 1
  add(courses, NOTHING, new Set())

  for (const { operation, isCall } of eventsOf(history)) {
    if (isCall) underway.add(operation)
    const reached = isCall ? [...courses.values()] : closure([...courses.values()], operation)
    // One that expires either took effect by now or never will.
    if (!isCall && isUnknown(operation.action)) reached.push(...courses.values())
    if (!isCall) underway.delete(operation)
    const next = new Map<string, Course>()
    for (const { state, effected } of reached) {
      add(next, state, isCall ? effected : without(effected, operation))
    }
    if (next.size === 0) return refute(history, operation, [...courses.values()])
    courses = next
    width = Math.max(width, courses.size)
  }
  return { linearizable: true, width }

  /** The courses in which the operation took effect, by way of any others under way. */
  function closure(from: readonly Course[], operation: Operation): Course[] {
    const seen = new Map<string, Course>()
    const open = from.flatMap((course) => add(seen, course.state, course.effected) ?? [])
    const found: Course[] = []
    for (let course = open.pop(); course !== undefined; course = open.pop()) {
      const { state, effected } = course
      if (effected.has(operation)) {
        found.push(course)
        continue
      }
      for (const other of underway) {
        if (effected.has(other) || !isChange(other.action)) continue
        const after = apply(state, other.action)
        if (after === undefined) continue
        const reached = add(seen, after, new Set([...effected, other]))
        if (reached !== undefined) open.push(reached)
      }
    }
    return found
  }
}

/** The operations under way that only observe, and observe this state. */
function observers(state: State, underway: ReadonlySet<Operation>): Operation[] {
  return [...underway].filter(
    ({ action }) => !isChange(action) && apply(state, action) !== undefined,
  )
}

function eventsOf(history: readonly Operation[]) {
  const calls = history.map((operation) => ({ at: operation.start, operation, isCall: true }))
  const returns = history
    .map((operation) => ({ at: lastMoment(operation), operation, isCall: false }))
    .filter(({ at }) => at < Infinity)
  // At one time calls come first: such operations overlap.
  return [...calls, ...returns].sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall))
}

function lastMoment({ action, end, expiry }: Operation): number {
  return isUnknown(action) ? (expiry ?? Infinity) : end
}

function without(operations: ReadonlySet<Operation>, one: Operation): ReadonlySet<Operation> {
  return new Set([...operations].filter((operation) => operation !== one))
}

function numbering(history: readonly Operation[]): (operation: Operation) => number {
  const numbers = new Map(history.map((operation, at) => [operation, at]))
  return (operation) => numbers.get(operation) ?? -1
}

function refute(
  history: readonly Operation[],
  culprit: Operation,
  before: readonly Course[],
): Verdict {
  const states = [...new Set(before.map((course) => `{${course.state.key}}`))]
  const lines = [...history]
    .sort((a, b) => a.start - b.start)
    .map((operation) => `${operation === culprit ? '>' : ' '} ${formatOperation(operation)}`)
  const explanation =
    `no order explains ${formatOperation(culprit)}\n` +
    `when it returned the repository could be in: ${states.join(' or ')}, ` +
    `or what those under way make of it\n${lines.join('\n')}`
  return { linearizable: false, culprit, explanation }
}

function formatOperation(operation: Operation): string {
  const { start, action } = operation
  const until = isUnknown(action) ? `? until ${lastMoment(operation)}` : operation.end
  const { op, ...rest } = action
  return `[${start}, ${until}] ${op} ${JSON.stringify(rest)}`
}
