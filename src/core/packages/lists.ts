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
  return `SELECT l.id FROM (${typesOf(owner, type, bind)}) types
    CROSS JOIN repository r ON r.owner_id = ${owner} AND r.type = types.type AND r.name = ${name}
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
export const isOneList = ({ type, repository }: ListFilter) =>
  repository === undefined || type !== undefined

export interface ListPlace {
  readonly limit: number
  /** Entries that are passed over, from the beginning of the list or behind the one below. */
  readonly offset: number
  /** The id of a version of the list. */
  readonly after?: number | undefined
  /** The same of packages by name. */
  readonly afterName?: readonly [name: string, type: string] | undefined
}

/** The newest versions of the lists that a filter means, as `id` and `package_id`. */
export function newestVersions(filter: ListFilter, place: ListPlace, bind: Parameters): string {
  const lists = listsOf(filter, bind)
  const before = bind.add(place.after ?? Number.MAX_SAFE_INTEGER)
  const [limit, offset] = [bind.add(place.limit), bind.add(place.offset)]
  const page = `ORDER BY v.version_id DESC LIMIT ${limit} OFFSET ${offset}`
  const select = 'SELECT v.version_id AS id, v.package_id FROM'
  const one = `${select} listed_version v WHERE v.list_id = (${lists}) AND v.version_id < ${before}`
  if (isOneList(filter)) return `${one} ${page}`
  return ofOneOrSome(
    lists,
    (condition) => `${one} AND ${condition} ${page}`,
    (condition) => `${select} (${lists}) l CROSS JOIN listed_version v
      ON v.list_id = l.id AND v.version_id IN (
        SELECT n.version_id FROM listed_version n WHERE n.list_id = l.id AND n.version_id < ${before}
        ORDER BY n.version_id DESC LIMIT ${limit} + ${offset})
      WHERE ${condition} ${page}`,
  )
}

/** Repositories of one name are mostly of one type: then its list is read as it lies, and no list twice. */
function ofOneOrSome(
  lists: string,
  ofOne: (condition: string) => string,
  ofSome: (condition: string) => string,
): string {
  const count = `(SELECT count(*) FROM (${lists}))`
  return `SELECT * FROM (${ofOne(`${count} = 1`)}) UNION ALL SELECT * FROM (${ofSome(`${count} > 1`)})`
}

/** The packages of the lists that a filter means by name, as `id`. */
export function packagesByName(filter: ListFilter, place: ListPlace, bind: Parameters): string {
  const { ownerId, type, repository } = filter
  if (repository === undefined) {
    const owner = bind.add(ownerId)
    const typed = type === undefined ? '' : `AND p.type = ${bind.add(type)}`
    return `SELECT p.id FROM package p WHERE p.owner_id = ${owner} ${typed}
      ${behind(['p.name', 'p.type'], place, bind)} ORDER BY p.name, p.type ${pageOf(place, bind)}`
  }
  const lists = listsOf(filter, bind)
  const page = `ORDER BY m.name ${pageOf(place, bind)}`
  const one = `SELECT m.package_id AS id FROM listed_package m WHERE m.list_id = (${lists})
    ${behind(['m.name'], place, bind)}`
  if (isOneList(filter)) return `${one} ${page}`
  const reach = bind.add(place.limit + place.offset)
  return ofOneOrSome(
    lists,
    (condition) => `${one} AND ${condition} ${page}`,
    (condition) => `SELECT m.package_id AS id FROM (${lists}) l CROSS JOIN listed_package m
      ON m.list_id = l.id AND m.name IN (
        SELECT n.name FROM listed_package n WHERE n.list_id = l.id ORDER BY n.name LIMIT ${reach})
      WHERE ${condition} ${page}`,
  )
}

function behind(columns: readonly string[], { afterName }: ListPlace, bind: Parameters): string {
  if (afterName === undefined) return ''
  const values = columns.map((_, at) => bind.add(afterName[at] ?? ''))
  return `AND (${columns.join(', ')}) > (${values.join(', ')})`
}

function pageOf({ limit, offset }: ListPlace, bind: Parameters): string {
  return `LIMIT ${bind.add(limit)} OFFSET ${bind.add(offset)}`
}

/** The packages of the versions that were published last, as `id`, with that version as `newest`. */
export function packagesNewest(filter: ListFilter, place: ListPlace, bind: Parameters): string {
  const newest = newestVersions(filter, { limit: MAX_FOUND, offset: 0 }, bind)
  return `SELECT package_id AS id, max(id) AS newest FROM (${newest}) GROUP BY package_id
    ORDER BY newest DESC ${pageOf(place, bind)}`
}

/** How many these are. */
export function countNewest(filter: ListFilter, bind: Parameters): string {
  const newest = newestVersions(filter, { limit: MAX_FOUND, offset: 0 }, bind)
  return `SELECT count(DISTINCT package_id) FROM (${newest})`
}

export type NamedFilter = ListFilter & { readonly text: string }

/** Characters of a piece. */
const PIECE = 32
/** Packages that each of several words is looked for in, to find out which of the words is the rarest. */
const PROBED = 100

/** What a text finds, as tables of one statement, in which it is looked for once. */
export interface NamedPackages {
  /**
   * For a WITH. The table `found` has the packages once each, up to one more than a search looks at: those of the first
   * MAX_FOUND pieces of names that match, and those that have all words of the text, of the first MAX_FOUND that have
   * the rarest one.
   */
  readonly tables: string
  /** A scalar query: how many pieces match, or have that word, up to one more than a search looks at. */
  readonly matches: string
}

/** @param columns of a package `p`, which `found` is to have */
export function packagesNamed(
  filter: NamedFilter,
  bind: Parameters,
  columns: string,
): NamedPackages {
  const text = bind.add(filter.text)
  const words = filter.described ? searchedWords(filter.text).map((word) => bind.add(word)) : []
  const pieces = piecesOf(filter, text, bind)
  const described = words.length === 0 ? undefined : describedBy(filter, words, bind)
  const sources = [
    ofPieces(filter, text, pieces(MAX_FOUND)),
    ...(described === undefined ? [] : [described.withAll]),
  ]
  const ids = `SELECT DISTINCT package_id FROM (${sources.join(' UNION ALL ')})`
  const found = `SELECT ${columns} FROM (${ids}) x CROSS JOIN package p ON p.id = x.package_id
    WHERE true ${isMember(filter, bind)} LIMIT ${MAX_FOUND + 1}`
  const tables = [...(described?.tables ?? []), `found AS MATERIALIZED (${found})`]
  const counted = [
    pieces(MAX_FOUND + 1),
    ...(described === undefined ? [] : [described.withRarest(MAX_FOUND + 1)]),
  ].map((each) => `(SELECT count(*) FROM (${each}))`)
  const matches = counted.length === 1 ? counted.join() : `max(${counted.join(', ')})`
  return { tables: tables.join(', '), matches }
}

/** A text may be longer than a piece: then the name tells whether it has the rest. */
function ofPieces({ text }: NamedFilter, parameter: string, pieces: string): string {
  const packages = `SELECT package_id FROM (${pieces})`
  if (text.length <= PIECE) return packages
  return `SELECT n.package_id FROM (${packages}) n CROSS JOIN package o ON o.id = n.package_id
    WHERE instr(lower(o.name), lower(${parameter}))`
}

/** @param words at least one */
function describedBy(filter: NamedFilter, words: readonly string[], bind: Parameters) {
  const having = havingWord(filter, bind)
  const [first = ''] = words
  const isOne = words.length === 1
  const rarest = isOne ? first : '(SELECT word FROM rarest)'
  const withRarest = (limit: number) => having(rarest, limit)
  return {
    tables: isOne ? [] : [`rarest AS MATERIALIZED (${rarestOf(words, having)})`],
    withRarest,
    withAll: withAll(words, rarest, withRarest(MAX_FOUND)),
  }
}

type Having = (word: string, limit: number) => string

/** Queries for the packages that have a word, with their types. */
function havingWord(filter: NamedFilter, bind: Parameters): Having {
  const owner = bind.add(filter.ownerId)
  const types = searchedTypes(filter, owner, bind)
  return (word, limit) => `
    SELECT q.package_id, t.type FROM (${types}) t CROSS JOIN package_property q
    ON q.owner_id = ${owner} AND ${hasWord('q', 't.type', word)} LIMIT ${limit}`
}

/** The one of the words that fewest packages have, as far as each is looked for; of several the longest. */
function rarestOf(words: readonly string[], having: Having): string {
  return `SELECT word FROM (
      SELECT value AS word, (SELECT count(*) FROM (${having('j.value', PROBED)})) AS had
      FROM json_each(json_array(${words.join(', ')})) j)
    ORDER BY had, length(word) DESC LIMIT 1`
}

/** Each further word costs a look into an index for each package, until one is not there. */
function withAll(words: readonly string[], rarest: string, having: string): string {
  const others = words.length === 1 ? [] : words
  const conditions = others.map(
    (word) => `AND (${word} = ${rarest} OR EXISTS (
      SELECT 1 FROM package_property o WHERE o.package_id = w.package_id AND ${hasWord('o', 'w.type', word)}))`,
  )
  return `SELECT w.package_id FROM (${having}) w WHERE true ${conditions.join(' ')}`
}

/** Whether a property is a word that begins so, as a range of its index. */
function hasWord(property: string, type: string, word: string): string {
  const begin = `${type} || ' ' || ${word}`
  return `${property}.name = '${WORD}'
    AND ${property}.value >= ${begin} AND ${property}.value < ${begin} || CAST(x'ff' AS TEXT)`
}

function isMember(filter: ListFilter, bind: Parameters): string {
  if (filter.repository === undefined) return ''
  return `AND EXISTS (SELECT 1 FROM listed_package m WHERE m.list_id IN (${listsOf(filter, bind)})
    AND m.name = p.name AND m.package_id = p.id)`
}

/** Queries for the pieces of names that begin with the text. */
function piecesOf(filter: ListFilter, text: string, bind: Parameters): (limit: number) => string {
  const owner = bind.add(filter.ownerId)
  const types = searchedTypes(filter, owner, bind)
  const piece = `lower(substr(${text}, 1, ${PIECE}))`
  return (limit) => `
    SELECT i.package_id FROM (${types}) t
    CROSS JOIN package_list l ON l.key = ${owner} || ' ' || t.type
    CROSS JOIN package_name_piece i ON i.list_id = l.id
      AND i.piece >= ${piece} AND i.piece < ${piece} || CAST(x'ff' AS TEXT)
    LIMIT ${limit}`
}

/** Of a repository's name those types alone that have one of that name. */
function searchedTypes({ type, repository }: ListFilter, owner: string, bind: Parameters): string {
  const types = typesOf(owner, type, bind)
  if (repository === undefined) return types
  return `SELECT s.type FROM (${types}) s CROSS JOIN repository r
    ON r.owner_id = ${owner} AND r.type = s.type AND r.name = ${bind.add(repository)}`
}
