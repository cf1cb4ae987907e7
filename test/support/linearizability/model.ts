// What a repository is to its clients: one map from file names to contents, changed by publishes
// and removals one at a time. A package with documents is the same, with its versions for files, and with
// tags that point at them. Says which answer is right in which state, and what comes after.

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
  | {
      readonly op: 'point'
      readonly tag: string
      readonly file: string
      /** `absent`: there is nothing to point at. */
      readonly answer: 'moved' | 'unchanged' | 'absent' | 'unknown'
    }
  | {
      readonly op: 'document'
      /** By name; both are empty where there is no document. */
      readonly files: Readonly<Record<string, string>>
      readonly tags: Readonly<Record<string, string>>
    }

export interface State {
  /** A repository begins with its first publish and stays when it is emptied. */
  readonly exists: boolean
  readonly files: ReadonlyMap<string, string>
  /** What each tag points at. */
  readonly tags: ReadonlyMap<string, string>
  /** The same for equal states. */
  readonly key: string
}

export const NOTHING: State = { exists: false, files: new Map(), tags: new Map(), key: '-' }

/** Whether the action may have changed the repository; what does not only observes it. */
export function isChange(action: Action): boolean {
  const { op } = action
  if (op === 'publish') return action.answer === 'created' || action.answer === 'unknown'
  if (op === 'point') return action.answer === 'moved' || action.answer === 'unknown'
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
      return stateOf(files, new Map([...state.tags].filter(([, file]) => file !== action.file)))
    }
    case 'index':
      return lists(state, action) ? state : undefined
    case 'download':
      return (state.files.get(action.file) ?? null) === action.content ? state : undefined
    case 'point':
      return applyPoint(state, action)
    case 'document':
      return equals(state.files, action.files) && equals(state.tags, action.tags)
        ? state
        : undefined
  }
}

function applyPoint(
  state: State,
  { tag, file, answer }: Extract<Action, { op: 'point' }>,
): State | undefined {
  if (answer === 'absent') return state.files.has(file) ? undefined : state
  if (!state.files.has(file)) return undefined
  const isSo = state.tags.get(tag) === file
  if (answer === 'unchanged') return isSo ? state : undefined
  return isSo ? undefined : stateOf(state.files, new Map(state.tags).set(tag, file))
}

function equals(map: ReadonlyMap<string, string>, other: Readonly<Record<string, string>>) {
  const names = Object.keys(other)
  return names.length === map.size && names.every((name) => map.get(name) === other[name])
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
      return existing === undefined
        ? stateOf(new Map(state.files).set(file, content), state.tags)
        : undefined
  }
}

function lists(state: State, { lists, of }: Extract<Action, { op: 'index' }>): boolean {
  if (lists === null || !state.exists) return lists === null && !state.exists
  const names = of ?? [...new Set([...state.files.keys(), ...Object.keys(lists)])]
  const strangers = Object.keys(lists).filter((name) => !names.includes(name))
  return strangers.length === 0 && names.every((name) => lists[name] === state.files.get(name))
}

function stateOf(files: ReadonlyMap<string, string>, tags: ReadonlyMap<string, string>): State {
  const entries = [...files].map(([name, content]) => `${name}=${content}`)
  const pointers = [...tags].map(([name, file]) => `${name}->${file}`)
  return { exists: true, files, tags, key: [...entries, ...pointers].sort().join(' ') }
}
