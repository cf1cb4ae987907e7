// The lists that people are given in pages, as SQL: of an owner, of an owner and a type, of a repository. Triggers
// keep them and their counts (migrations/0016_lists.sql), so that a page costs what it shows, and never what the
// whole list has. A part of a name is found as the beginning of a piece of it.
import type { Parameter } from './reader.ts'
import { searchedWords, WORD } from './words.ts'

/** What narrows a list. */
export interface ListFilter {
  readonly ownerId: string
  readonly type?: string | undefined
  /** A part of the name, in any case of its ASCII letters. */
  readonly text?: string | undefined
  /** The name of a repository that lists a file of the package. */
  readonly repository?: string | undefined
  /** Whether the text may also be words of descriptions and keywords, or their beginnings. */
  readonly described?: true
}

/** Entries of an index that a page may pass over. Beyond it pages go on after the last entry of the one before. */
export const MAX_OFFSET = 10_000
/** Names that a search looks at. Where more match, it says so. */
export const MAX_FOUND = 1_000

/** Numbers the parameters of a statement. */
export class Parameters {
  readonly values: Parameter[] = []
  add(value: Parameter): string {
    return `?${this.values.push(value)}`
  }
}

/** A query for the ids of the lists that a filter means, without its text: one, or some of a repository's name. */
export function listsOf({ ownerId, type, repository }: ListFilter, bind: Parameters): string {
  if (repository === undefined) return typeList(ownerId, type, bind)
  const owner = bind.add(ownerId)
  const name = bind.add(repository)
  return `SELECT l.id FROM (${typesOf(owner, type, bind)}) t
    CROSS JOIN repository r ON r.owner_id = ${owner} AND r.type = t.type AND r.name = ${name}
    CROSS JOIN package_list l ON l.key = r.id`
}

function typeList(ownerId: string, type: string | undefined, bind: Parameters): string {
  const key = bind.add(type === undefined ? ownerId : `${ownerId} ${type}`)
  return `SELECT id FROM package_list WHERE key = ${key}`
}

/** A query for the types that a filter means, as `type`: the one, or all that the owner has packages of. */
function typesOf(owner: string, type: string | undefined, bind: Parameters): string {
  return type === undefined
    ? `SELECT substr(key, length(${owner}) + 2) AS type FROM package_list WHERE ${ofTypes(owner)}`
    : `SELECT ${bind.add(type)} AS type`
}

/** The rows of the owner's types: their keys are its id, a space and the type. */
function ofTypes(owner: string): string {
  return `key > ${owner} || ' ' AND key < ${owner} || '!'`
}

/** Whether a filter means one list, which is read as it lies. */
const isOne = ({ type, repository }: ListFilter) => repository === undefined || type !== undefined

export interface ListPlace {
  readonly limit: number
  readonly offset: number
  /** The id of the version that the page follows. */
  readonly after?: number | undefined
}

/** The newest versions of the lists that a filter means, as `id` and `package_id`. */
export function newestVersions(filter: ListFilter, place: ListPlace, bind: Parameters): string {
  const lists = listsOf(filter, bind)
  const before = bind.add(place.after ?? Number.MAX_SAFE_INTEGER)
  const [limit, offset] = [bind.add(place.limit), bind.add(place.offset)]
  const page = `ORDER BY v.version_id DESC LIMIT ${limit} OFFSET ${offset}`
  const select = 'SELECT v.version_id AS id, v.package_id FROM'
  if (isOne(filter)) {
    return `${select} listed_version v
      WHERE v.list_id = (${lists}) AND v.version_id < ${before} ${page}`
  }
  return `${select} (${lists}) l CROSS JOIN listed_version v
      ON v.list_id = l.id AND v.version_id IN (
        SELECT n.version_id FROM listed_version n WHERE n.list_id = l.id AND n.version_id < ${before}
        ORDER BY n.version_id DESC LIMIT ${limit} + ${offset})
    ${page}`
}

/** The packages of the lists that a filter means by name, as `id`. */
export function packagesByName(filter: ListFilter, place: ListPlace, bind: Parameters): string {
  const { ownerId, type, repository } = filter
  if (repository === undefined) {
    const owner = bind.add(ownerId)
    const typed = type === undefined ? '' : `AND p.type = ${bind.add(type)}`
    return `SELECT p.id FROM package p WHERE p.owner_id = ${owner} ${typed}
      ORDER BY p.name, p.type ${pageOf(place, bind)}`
  }
  const lists = listsOf(filter, bind)
  if (isOne(filter)) {
    return `SELECT m.package_id AS id FROM listed_package m WHERE m.list_id = (${lists})
      ORDER BY m.name ${pageOf(place, bind)}`
  }
  const reach = bind.add(place.limit + place.offset)
  return `SELECT m.package_id AS id FROM (${lists}) l CROSS JOIN listed_package m
      ON m.list_id = l.id AND m.name IN (
        SELECT n.name FROM listed_package n WHERE n.list_id = l.id ORDER BY n.name LIMIT ${reach})
    ORDER BY m.name ${pageOf(place, bind)}`
}

function pageOf({ limit, offset }: ListPlace, bind: Parameters): string {
  return `LIMIT ${bind.add(limit)} OFFSET ${bind.add(offset)}`
}

export type NamedFilter = ListFilter & { readonly text: string }

/** Characters of a piece. */
const PIECE = 32

/**
 * The packages whose name has a text in it, of the first MAX_FOUND pieces that match: as `p`, of which the caller
 * selects. A text may be longer than a piece: the name tells whether it has the rest.
 */
export function packagesNamed(filter: NamedFilter, bind: Parameters, columns: string): string {
  const text = bind.add(filter.text)
  const pieces = matches(filter, text, bind)
  const isNamed = `instr(lower(p.name), lower(${text}))`
  const words = described(filter, bind)
  if (words === undefined) {
    return `
      SELECT ${columns} FROM (SELECT DISTINCT package_id FROM (${pieces})) x
      CROSS JOIN package p ON p.id = x.package_id WHERE ${isNamed} ${isMember(filter, bind)}`
  }
  return `
    SELECT ${columns}
    FROM (
      SELECT package_id FROM (${pieces}) x CROSS JOIN package p ON p.id = x.package_id
      WHERE ${isNamed} UNION ${words}) x
    CROSS JOIN package p ON p.id = x.package_id
    WHERE true ${isMember(filter, bind)}`
}

/** The packages that have all of the words: those of the first MAX_FOUND that have the longest one, if there is any. */
function described(filter: NamedFilter, bind: Parameters): string | undefined {
  const [word, ...further] = filter.described ? searchedWords(filter.text) : []
  if (word === undefined) return undefined
  const others = further.map(
    (each) => `AND EXISTS (SELECT 1 FROM package_property o
      WHERE o.package_id = p.id AND ${hasWord('o', 'p.type', bind.add(each))})`,
  )
  return `SELECT x.package_id FROM (${withWord(filter, word, bind, MAX_FOUND)}) x
    CROSS JOIN package p ON p.id = x.package_id WHERE true ${others.join(' ')}`
}

function withWord(filter: NamedFilter, word: string, bind: Parameters, limit: number): string {
  const owner = bind.add(filter.ownerId)
  return `SELECT q.package_id FROM (${typesOf(owner, filter.type, bind)}) t CROSS JOIN package_property q
    ON q.owner_id = ${owner} AND ${hasWord('q', 't.type', bind.add(word))} LIMIT ${limit}`
}

/** Whether a property is a word that begins so, as a range of its index. */
function hasWord(property: string, type: string, word: string): string {
  const begin = `${type} || ' ' || ${word}`
  return `${property}.name = '${WORD}'
    AND ${property}.value >= ${begin} AND ${property}.value < ${begin} || CAST(x'ff' AS TEXT)`
}

/** How many of them there are, of the first MAX_FOUND pieces. */
export function countNamed(filter: NamedFilter, bind: Parameters): string {
  const all = filter.repository === undefined && filter.text.length <= PIECE && !filter.described
  if (!all) return packagesNamed(filter, bind, 'count(*)')
  return `SELECT count(DISTINCT package_id) FROM (${matches(filter, bind.add(filter.text), bind)})`
}

function isMember(filter: ListFilter, bind: Parameters): string {
  if (filter.repository === undefined) return ''
  return `AND EXISTS (SELECT 1 FROM listed_package m WHERE m.list_id IN (${listsOf(filter, bind)})
    AND m.name = p.name AND m.package_id = p.id)`
}

/** How many pieces match, or have the longest word, up to one more than a search looks at. */
export function countMatches(filter: NamedFilter, bind: Parameters): string {
  const all = MAX_FOUND + 1
  const pieces = `SELECT count(*) FROM (${matches(filter, bind.add(filter.text), bind, all)})`
  const [word] = filter.described ? searchedWords(filter.text) : []
  if (word === undefined) return pieces
  return `SELECT max((${pieces}), (SELECT count(*) FROM (${withWord(filter, word, bind, all)})))`
}

function matches(
  { ownerId, type }: ListFilter,
  text: string,
  bind: Parameters,
  limit = MAX_FOUND,
): string {
  const owner = bind.add(type === undefined ? ownerId : `${ownerId} ${type}`)
  const which = type === undefined ? ofTypes(owner) : `key = ${owner}`
  const piece = `lower(substr(${text}, 1, ${PIECE}))`
  return `
    SELECT i.package_id FROM (SELECT id FROM package_list WHERE ${which}) l
    CROSS JOIN package_name_piece i ON i.list_id = l.id
      AND i.piece >= ${piece} AND i.piece < ${piece} || CAST(x'ff' AS TEXT)
    LIMIT ${limit}`
}
