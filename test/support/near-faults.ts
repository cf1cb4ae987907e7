// Faults that the random histories of near answers must find. They are planted while Vitest loads a module, where
// VITE_PLANTED_FAULTS is set: the code itself has no place for them. Each breaks one rule of src/core/near.

export interface Change {
  /** From the root of the repository. */
  readonly file: string
  /** Found once in it. */
  readonly text: string
  readonly replacement: string
}

export const NEAR_FAULTS = [
  'no rest',
  'rest of the bound alone',
  'rest by the id of the owner',
  'rest by the id of the repository',
  'no clash of noarch',
  'no tie',
  'head not required in the list',
  'removals not in the list',
  'time at the put',
  'age judged before the name came',
  'name under the head of remembered facts',
  'a gap without a rest',
  'a gap that rests once',
  'a list with a gap counts',
] as const
/** Those of files without a repository, which have the rules in statements of their own. */
export const COLLECTION_FAULTS = [
  'no rest in a collection',
  'rest in a collection by the id of the owner',
  'removals not in the list of a collection',
  'names of a collection that do not rest when nobody knows which went',
] as const
/** Those of both kinds. */
export const SHARED_FAULTS: readonly NearFault[] = [
  'rest of the bound alone',
  'no tie',
  'head not required in the list',
  'time at the put',
  'age judged before the name came',
  'name under the head of remembered facts',
]
export type NearFault = (typeof NEAR_FAULTS | typeof COLLECTION_FAULTS)[number]

/** Which one a test has chosen. */
const is = (fault: NearFault) => `globalThis.plantedFault === '${fault}'`

const FACTS = 'src/core/near/facts.ts'
const GAP = 'src/core/near/gap.ts'
const LIST = 'src/core/near/recent-commits.ts'
const PLACE = 'src/core/near/place.ts'
const RESTING = 'src/core/near/resting.ts'
const REST = 'src/core/packages/rest.ts'

export const CHANGES: readonly Change[] = [
  {
    file: FACTS,
    text: 'return bound === 0 ?',
    replacement: `if (${is('no rest')}) return 0
      if (${is('rest of the bound alone')}) return bound
      return bound === 0 ?`,
  },
  {
    file: RESTING,
    text: 'SELECT o.name, r.type, r.name',
    replacement: `SELECT \${${is('rest by the id of the owner')} ? 'o.id' : 'o.name'}, r.type,
      \${${is('rest by the id of the repository')} ? 'r.id' : 'r.name'}`,
  },
  {
    file: RESTING,
    text: 'n.owner_name = o.name',
    replacement: `n.owner_name = \${${is('rest by the id of the owner')} ? 'o.id' : 'o.name'}`,
  },
  {
    file: RESTING,
    text: 'n.place = ?3',
    replacement: `n.place = \${${is('rest by the id of the repository')}
      ? '(SELECT id FROM repository WHERE owner_id = o.id AND type = ?2 AND name = ?3)' : '?3'}`,
  },
  {
    file: 'src/core/commit/plan.ts',
    text: 'rules.clashes(name.part, partOf(change)) &&',
    replacement: `(${is('no clash of noarch')}
      ? name.part === partOf(change) : rules.clashes(name.part, partOf(change))) &&`,
  },
  {
    file: FACTS,
    text: 'return findInCommits(facts.commits, name)',
    replacement: `return ${is('no tie')} ? 'recent' : findInCommits(facts.commits, name)`,
  },
  {
    file: LIST,
    text: 'commits += 1\n  }\n  return undefined',
    replacement: `commits += 1
      }
      return ${is('head not required in the list')} ? 'recent' : undefined`,
  },
  {
    file: LIST,
    text: 'cut(newest + gone +',
    replacement: `cut(newest + (${is('removals not in the list')} ? '' : gone) +`,
  },
  {
    file: LIST,
    text: 'return isCurrent(repository) ?',
    replacement: `return isCurrent(repository) ||
      (${is('a list with a gap counts')} && repository.recent !== '') ?`,
  },
  {
    file: PLACE,
    text: 'at: asked, until: asked + place.bound',
    replacement: `at: ${is('time at the put')} ? place.now() : asked,
      until: (${is('time at the put')} ? place.now() : asked) + place.bound`,
  },
  {
    file: PLACE,
    text: 'const [facts, name] = await Promise.all([',
    replacement: 'const before = place.now()\n  const [facts, name] = await Promise.all([',
  },
  {
    file: PLACE,
    text: 'memory.names.note(keys.name, name)\n  return recallFile(place, path)',
    replacement: `memory.names.note(keys.name, name)
      const judged = ${is('age judged before the name came')}
      return recallFile(judged ? { ...place, now: () => before } : place, path)`,
  },
  {
    file: PLACE,
    text: 'const head = shortId(repository.head)',
    replacement: `const remembered = ${is('name under the head of remembered facts')}
      ? place.memory.facts.find(key) : undefined
      const head = remembered?.commits.slice(1, 13) || shortId(repository.head)`,
  },
  {
    file: GAP,
    text: 'return Math.max(0, this.#met.since',
    replacement: `if (${is('a gap without a rest')}) return 0
      return Math.max(0, this.#met.since`,
  },
  {
    file: GAP,
    text: 'if (this.#met?.head !== head)',
    replacement: `if (${is('a gap that rests once')} ? !this.#met : this.#met?.head !== head)`,
  },
  {
    file: 'src/core/packages/create.ts',
    text: 'noRest(place, [file], rest)',
    replacement: `(${is('no rest in a collection')} ? [] : noRest(place, [file], rest))`,
  },
  {
    file: REST,
    text: 'SELECT o.name, p.type',
    replacement: `SELECT \${${is('rest in a collection by the id of the owner')} ? 'o.id' : 'o.name'}, p.type`,
  },
  {
    file: REST,
    text: 'JSON.stringify([...names, ANY_NAME])',
    replacement: `JSON.stringify([...names,
      ...(${is('names of a collection that do not rest when nobody knows which went')} ? [] : [ANY_NAME])])`,
  },
  {
    file: 'src/core/packages/state.ts',
    text: '    removedEntries(removed),',
    replacement: `    ${is('removals not in the list of a collection')} && removed.length > 0
      ? '' : removedEntries(removed),`,
  },
]
