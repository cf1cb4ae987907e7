// Which version of a package is its latest, and in which order people are shown the versions. Decided by one look into
// an index whenever it is asked, from what each version says of itself: nothing that points at the latest has to be
// moved by a publish, a removal or a mark.

/**
 * 2 for a version as usual, 1 for a prerelease, 0 for one that is withdrawn. As the index
 * `package_version_latest` has it.
 */
export const standingOf = (version: string) =>
  `(1 - ${version}.withdrawn) * (2 - ${version}.prerelease)`

/**
 * A query for the id: the highest version that is no prerelease and not withdrawn, else the highest that is not
 * withdrawn, else the highest. Of versions that are equal in order, as all are of a type without an order of
 * versions, the one that was published last.
 * @param condition on the version `l`, in SQL
 */
export function latestVersionOf(packageId: string, condition = 'true'): string {
  return `SELECT l.id FROM package_version l WHERE l.package_id = ${packageId} AND ${condition}
    ORDER BY ${standingOf('l')} DESC, l.order_key DESC, l.id DESC LIMIT 1`
}

/**
 * The same among the versions that have a file in a repository: what clients of that repository install. Null where
 * the repository has none of the package, and where there is no such repository.
 * @param repositoryId in SQL
 */
export function latestVersionIn(packageId: string, repositoryId: string): string {
  return `SELECT i.version_id FROM repository_version i WHERE i.package_id = ${packageId}
    AND i.list_id = (SELECT id FROM package_list WHERE key = ${repositoryId})
    ORDER BY i.standing DESC, i.order_key DESC, i.version_id DESC LIMIT 1`
}

/**
 * The highest versions of a package in the order of its type, also prereleases and those that are withdrawn, as rows
 * of `package_version`. The index has each of the three kinds in order.
 */
export function highestVersionsOf(packageId: string, limit: number): string {
  const ofKind = (standing: number) => `SELECT * FROM (
    SELECT l.* FROM package_version l
    WHERE l.package_id = ${packageId} AND ${standingOf('l')} = ${standing}
    ORDER BY l.order_key DESC, l.id DESC LIMIT ${limit})`
  return `SELECT * FROM (${[2, 1, 0].map(ofKind).join(' UNION ALL ')})
    ORDER BY order_key DESC, id DESC LIMIT ${limit}`
}

/** Whether a version has a file: one that has lost its last is about to go. */
export const HAS_FILE = (version: string) =>
  `EXISTS (SELECT 1 FROM package_file f WHERE f.version_id = ${version})`

/**
 * The statement by which tags that fall back leave versions without a file, where the package has another version.
 * To come before those versions are deleted, which takes all tags along that still point at them.
 * @param versions a condition on `package_tag.version_id`, in SQL
 */
export function moveFallenTags(versions: string): string {
  const remaining = latestVersionOf('package_tag.package_id', HAS_FILE('l.id'))
  return `
    UPDATE package_tag SET version_id = (${remaining})
    WHERE falls_back AND version_id ${versions} AND NOT ${HAS_FILE('package_tag.version_id')}
      AND EXISTS (${remaining})`
}

/** The tag that names the version which clients take where none is asked for. */
const LATEST_TAG = 'latest'

/** A query for the id of the version that people are shown: that under the tag `latest`, else the latest. */
export function shownVersionOf(packageId: string): string {
  return `SELECT coalesce(
    (SELECT t.version_id FROM package_tag t
     WHERE t.package_id = ${packageId} AND t.name = '${LATEST_TAG}'),
    (${latestVersionOf(packageId)}))`
}

/** Whether every file of `package_version` has a mark that withdraws it. */
export const ALL_WITHDRAWN = `NOT EXISTS (
  SELECT 1 FROM package_file f WHERE f.version_id = package_version.id AND NOT EXISTS (
    SELECT 1 FROM package_mark m WHERE m.file_id = f.id AND m.withdraws))`

/**
 * The statement by which versions are withdrawn, or not any more, as the marks of their files say: to come behind
 * every change of marks, and every removal of files.
 * @param versions a condition on `package_version`, in SQL
 */
export function settleWithdrawn(versions: string): string {
  return `
    UPDATE package_version SET withdrawn = NOT withdrawn
    WHERE ${versions} AND withdrawn <> ${ALL_WITHDRAWN}`
}
