// The README of a file: a row of its own, which goes with the file. Among the metadata it would be read for every
// document of its package; with READMEs of 64 KiB these took more than twice as long.
import type { Statement } from '../database.ts'
import type { NewFile } from './new-file.ts'

/** To come behind the insertion of the file. One statement for each, since a value of D1 has 2 MB at most. */
export function insertReadme({ changeId, readme }: NewFile): Statement[] {
  if (readme === undefined) return []
  const sql = 'INSERT INTO package_readme (file_id, file_name, text) VALUES (?1, ?2, ?3)'
  return [[sql, changeId, readme.fileName, readme.text]]
}

/** A query for the Readme of a version: that of its first file. @param versionId in SQL */
export function readmeOf(versionId: string): string {
  return `SELECT file_name AS fileName, text FROM package_readme WHERE file_id = (
    SELECT id FROM package_file WHERE version_id = (${versionId})
    ORDER BY composite_key, name LIMIT 1)`
}
