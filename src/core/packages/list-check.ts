// Whether the lists of packages, which triggers keep (migrations/0016_lists.sql), say what the rows say, and how
// they are made anew: for the check of a deployment, which reads all rows as nothing does that outsiders ask for.
import { standingOf } from './latest.ts'
import { NEW_STATE } from './state.ts'

/** What the lists should have, by the keys of the lists. */
const EXPECTED = `
  SELECT p.owner_id AS key, v.id AS version_id, 0 AS files
  FROM package p JOIN package_version v ON v.package_id = p.id
  UNION ALL
  SELECT p.owner_id || ' ' || p.type, v.id, 0 FROM package p JOIN package_version v ON v.package_id = p.id
  UNION ALL
  SELECT repository_id, version_id, count(*) FROM package_file
  WHERE repository_id IS NOT NULL GROUP BY repository_id, version_id`

const LISTED = `
  SELECT l.key, v.version_id, v.files
  FROM listed_version v LEFT JOIN package_list l ON l.id = v.list_id`

/** The versions of repositories in order, and what that table has. */
const ORDERED = `
  SELECT v.package_id, e.list_id, ${standingOf('v')} AS standing, v.order_key, v.id AS version_id
  FROM package_list l JOIN listed_version e ON e.list_id = l.id
  JOIN package_version v ON v.id = e.version_id WHERE l.repository_id IS NOT NULL`
const IN_ORDER =
  'SELECT package_id, list_id, standing, order_key, version_id FROM repository_version'

/** Each piece of each name, with the list of its owner and type. */
const PIECES = `
  SELECT DISTINCT l.id AS list_id, substr(lower(p.name), n.value, 32) AS piece, p.id AS package_id
  FROM package p JOIN package_list l ON l.key = p.owner_id || ' ' || p.type
  JOIN json_each('[${Array.from({ length: 64 }, (_, at) => at + 1).join(',')}]') n
    ON n.value <= length(p.name)`

const FILES = '(SELECT count(*) FROM package_file f WHERE f.version_id = package_version.id)'
const VERSIONS = '(SELECT count(*) FROM package_version v WHERE v.package_id = package.id)'
/** Those of a list, as its entries say. */
const OF_LIST = (what: string) =>
  `(SELECT count(${what}) FROM listed_version e WHERE e.list_id = package_list.id)`
const NAMED =
  '(SELECT count(*) FROM listed_package e WHERE e.list_id = package_list.id AND e.versions > 0)'

/** Queries for what is wrong, as subject. */
export const WRONG_LISTS: readonly string[] = [
  `SELECT name AS subject FROM package WHERE versions <> ${VERSIONS}
   UNION ALL SELECT version FROM package_version WHERE files <> ${FILES}`,
  `SELECT key AS subject FROM (SELECT * FROM (${EXPECTED}) EXCEPT ${LISTED})`,
  `SELECT coalesce(key, 'a list that is gone') AS subject FROM (${LISTED} EXCEPT SELECT * FROM (${EXPECTED}))`,
  `SELECT 'the order of versions ' || version_id AS subject FROM (
     SELECT * FROM (SELECT * FROM (${ORDERED}) EXCEPT ${IN_ORDER})
     UNION ALL SELECT * FROM (${IN_ORDER} EXCEPT SELECT * FROM (${ORDERED})))`,
  `SELECT key AS subject FROM package_list
   WHERE versions <> ${OF_LIST('*')} OR packages <> ${OF_LIST('DISTINCT e.package_id')}
     OR (repository_id IS NOT NULL AND packages <> ${NAMED})`,
  `SELECT piece AS subject FROM (
     SELECT * FROM (${PIECES}) EXCEPT SELECT list_id, piece, package_id FROM package_name_piece)
   UNION ALL
   SELECT piece FROM (
     SELECT list_id, piece, package_id FROM package_name_piece EXCEPT SELECT * FROM (${PIECES}))`,
]

const ANY_WRONG = WRONG_LISTS.map((wrong) => `EXISTS (${wrong})`).join(' OR ')
const EMPTY = (table: string) => `?1 > 0 AND NOT EXISTS (SELECT 1 FROM ${table})`

/**
 * Makes all lists anew where any is wrong, and does nothing else. ?1 is any number above 0. Triggers do the rest:
 * they count what is put into the lists, and list the packages of repositories and the order of their versions.
 */
export const LIST_REPAIR: readonly string[] = [
  `DELETE FROM package_list WHERE ?1 > 0 AND (${ANY_WRONG})`,
  ...['listed_version', 'listed_package', 'repository_version', 'package_name_piece'].map(
    (table) => `DELETE FROM ${table} WHERE ${EMPTY('package_list')}`,
  ),
  `UPDATE package_version SET files = ${FILES} WHERE ${EMPTY('package_list')}`,
  `UPDATE package SET versions = ${VERSIONS} WHERE ${EMPTY('package_list')}`,
  `INSERT INTO package_list (key, owner_id, repository_id, state)
   SELECT DISTINCT owner_id, owner_id, NULL, '' FROM package WHERE ${EMPTY('package_list')}
   UNION ALL
   SELECT owner_id || ' ' || type, owner_id, NULL, ${NEW_STATE} FROM package
   WHERE ${EMPTY('package_list')} GROUP BY owner_id, type
   UNION ALL
   SELECT DISTINCT r.id, r.owner_id, r.id, '' FROM repository r JOIN package_file f ON f.repository_id = r.id
   WHERE ${EMPTY('package_list')}`,
  `INSERT INTO package_name_piece (list_id, piece, package_id)
   SELECT * FROM (${PIECES}) WHERE ${EMPTY('package_name_piece')}`,
  `INSERT INTO listed_version (list_id, version_id, package_id, files)
   SELECT l.id, v.id, v.package_id, e.files FROM (${EXPECTED}) e JOIN package_list l ON l.key = e.key
   JOIN package_version v ON v.id = e.version_id WHERE ${EMPTY('listed_version')}`,
  `UPDATE package_list SET packages = ${OF_LIST('DISTINCT e.package_id')}
   WHERE packages <> ${OF_LIST('DISTINCT e.package_id')} AND ?1 > 0`,
]
