// What a repository is to its clients: one map from file names to contents, changed by publishes
// and removals one at a time. Says which answer is right in which state, and what comes after.

/** What a client asked and was told. A content is named by whatever tells it from others. */
export type Action =
  | {
      readonly op: 'publish'
      readonly file: string
      readonly content: string
      /** `same` and `taken`: the name was there already, with these bytes or with others. */
      readonly answer: 'created' | 'same' | 'taken' | 'unknown'
    }
  | {
      readonly op: 'remove'
      readonly file: string
      readonly answer: 'removed' | 'absent' | 'unknown'
    }
  | {
      readonly op: 'index'
      /** By file name; null: there is no such repository. */
      readonly lists: Readonly<Record<string, string>> | null
      /** The file names that this index is about; all when left out. */
      readonly of?: readonly string[]
    }
  | { readonly op: 'download'; readonly file: string; readonly content: string | null }

export interface State {
  /** A repository begins with its first publish and stays when it is emptied. */
  readonly exists: boolean
  readonly files: ReadonlyMap<string, string>
  /** The same for equal states. */
  readonly key: string
}

export const NOTHING: State = { exists: false, files: new Map(), key: '-' }

/** Whether the action may have changed the repository; what does not only observes it. */
export function isChange(action: Action): boolean {
  const { op } = action
  if (op === 'publish') return action.answer === 'created' || action.answer === 'unknown'
  return op === 'remove' && action.answer !== 'absent'
}

/** Whether nobody knows if, and when, the action took effect. */
export function isUnknown(action: Action): boolean {
  return 'answer' in action && action.answer === 'unknown'
}

/** The state after the action, or undefined where it would have been answered otherwise. */
export function apply(state: State, action: Action): State | undefined {
  switch (action.op) {
    case 'publish':
      return applyPublish(state, action)
    case 'remove': {
      const present = state.files.has(action.file)
      if (action.answer === 'absent') return present ? undefined : state
      if (!present) return undefined
      const files = new Map(state.files)
      files.delete(action.file)
      return stateOf(files)
    }
    case 'index':
      return lists(state, action) ? state : undefined
    case 'download':
      return (state.files.get(action.file) ?? null) === action.content ? state : undefined
  }
}

function applyPublish(
  state: State,
  { file, content, answer }: Extract<Action, { op: 'publish' }>,
): State | undefined {
  const existing = state.files.get(file)
  switch (answer) {
    case 'same':
      return existing === content ? state : undefined
    case 'taken':
      return existing !== undefined && existing !== content ? state : undefined
    case 'created':
    case 'unknown':
      return existing === undefined ? stateOf(new Map(state.files).set(file, content)) : undefined
  }
}

function lists(state: State, { lists, of }: Extract<Action, { op: 'index' }>): boolean {
  if (lists === null || !state.exists) return lists === null && !state.exists
  const names = of ?? [...new Set([...state.files.keys(), ...Object.keys(lists)])]
  const strangers = Object.keys(lists).filter((name) => !names.includes(name))
  return strangers.length === 0 && names.every((name) => lists[name] === state.files.get(name))
}

function stateOf(files: ReadonlyMap<string, string>): State {
  const entries = [...files].map(([name, content]) => `${name}=${content}`)
  return { exists: true, files, key: entries.sort().join(' ') }
}
