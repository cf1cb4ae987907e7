// Fields that contradict each other: the solver of apk then never takes the package, nor what depends
// on it. It sees a conflict of a package with itself in a name that the package provides twice
// (apk-tools src/solver.c; each form tried with apk 3.0.8).
import { FormatError, quote } from '../../../formats/format-error.ts'
import { type Dependency, parseDependency } from './dependency.ts'
import type { PackageInfo } from './package-info.ts'
import { compareVersions, fuzzyMatch } from './version.ts'

interface Item extends Dependency {
  readonly text: string
}

/** @throws FormatError `invalid-field` (provides, depend) */
export function checkContradictions({
  name,
  version,
  depends,
  provides,
}: Pick<PackageInfo, 'name' | 'version' | 'depends' | 'provides'>): void {
  const provided = parseItems(provides)
  checkProvided(name, provided)
  const own = new Map([
    [name, version],
    ...provided.map((each) => [each.name, each.version] as const),
  ])
  // apk lets a package conflict with what it is or provides: it means the others.
  const needed = parseItems(depends).filter((item) => !item.conflict || !own.has(item.name))
  for (const item of needed) checkOwn(item, own)
  checkPairs(needed)
}

function parseItems(texts: readonly string[]): Item[] {
  return texts.map((text) => ({ ...parseDependency(text), text }))
}

function checkProvided(ownName: string, provided: readonly Item[]): void {
  const before = new Map<string, Item>()
  for (const item of provided) {
    if (item.name === ownName) {
      throw invalid(
        'provides',
        item,
        'is the own name of the package, which then conflicts with itself: remove the item',
      )
    }
    const other = before.get(item.name)
    // Without versions they are one.
    if (other !== undefined && (item.version ?? other.version) !== undefined) {
      throw invalid(
        'provides',
        item,
        `comes beside ${quote(other.text)}, and the package conflicts with itself: keep one of them`,
      )
    }
    before.set(item.name, item)
  }
}

/** What a package provides is there in that version alone, once the package is. */
function checkOwn(item: Item, own: ReadonlyMap<string, string | undefined>): void {
  if (!own.has(item.name) || isMet(item, own.get(item.name))) return
  throw invalid(
    'depend',
    item,
    'is not what the package itself is or provides under that name: it could never be installed',
  )
}

/** Of one name, as many items are compared with each other: real lists have two at most. */
const maxCompared = 8

/** Of each two items with one name. */
function checkPairs(needed: readonly Item[]): void {
  const byName = new Map<string, Item[]>()
  for (const item of needed) {
    const others = byName.get(item.name) ?? []
    const other = others.find((each) => excludes(each, item) || excludes(item, each))
    if (other !== undefined) {
      throw invalid('depend', item, `excludes ${quote(other.text)}: remove one of them`)
    }
    if (others.length < maxCompared) byName.set(item.name, [...others, item])
  }
}

function excludes(a: Item, b: Item): boolean {
  if (a.conflict) return !b.conflict && a.operator === undefined
  if (a.version === undefined || a.operator === undefined) return false
  if (a.operator === '=') return b.operator !== '><' && isMet(b, a.version) === b.conflict
  if (b.conflict || b.version === undefined || b.operator === undefined) return false
  if (!/^>=?$/.test(a.operator) || !/^<=?$/.test(b.operator)) return false
  const order = compareVersions(a.version, b.version)
  return order > 0 || (order === 0 && !(a.operator === '>=' && b.operator === '<='))
}

/** Whether a version, or a name without one, is what the item asks for or forbids. */
function isMet({ operator, version }: Dependency, present: string | undefined): boolean {
  if (operator === undefined || version === undefined || operator === '><') return true
  if (present === undefined) return false
  const order = compareVersions(present, version)
  if (operator.includes('~') && fuzzyMatch(present, version)) return true
  return (
    (order === 0 && operator.includes('=')) ||
    (order < 0 && operator.startsWith('<')) ||
    (order > 0 && operator.startsWith('>'))
  )
}

function invalid(field: string, item: Item, reason: string): FormatError {
  return new FormatError('invalid-field', `${field} item ${quote(item.text)} ${reason}`, { field })
}
