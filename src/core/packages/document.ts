// What a document about a package is made of, and the state by which it is known, as a part of the one
// statement that every request makes.

import type { Readme } from '../../formats/text/readme.ts'
import type { ResourceQuery } from '../access/resource-query.ts'

/**
 * What of a package a document is about: all of it, a version, the files of a version whose composite keys
 * begin with a text, or the version that a tag points at. Each as it is found by.
 */
export type DocumentScope =
  | 'package'
  | { readonly version: string; readonly keyPrefix?: string }
  | { readonly tag: string }

/** What a request needs to know to answer without the document, or from a cache. */
export interface PackageState {
  readonly packageId: number
  /** What it is found by. */
  readonly name: string
  /** As its publisher wrote it. */
  readonly displayName: string
  /** A random id, new at each change. */
  readonly state: string
  /** Unix milliseconds at a whole second; grows by at least a second at each change. */
  readonly changedAt: number
  /** Counts the changes, for people. It repeats after a removal or a restore. */
  readonly changes: number
  readonly scope: DocumentScope
}

export interface DocumentPackage {
  readonly name: string
  readonly displayName: string
  readonly state: string
  /** Unix milliseconds. */
  readonly createdAt: number
  readonly changedAt: number
  readonly changes: number
  /** The version that each tag points at, as its publisher wrote it; by name, whatever the scope. */
  readonly tags: ReadonlyMap<string, string>
  /** Of the version that people are shown, for forms that ask for it; undefined where it has none. */
  readonly readme?: Readme | undefined
}

export interface DocumentFile {
  readonly id: string
  readonly version: string
  readonly displayVersion: string
  readonly name: string
  readonly displayName: string
  readonly compositeKey: string
  readonly architecture: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** As the other two empty where the form does not name it. */
  readonly sha1: string
  readonly sha512: string
  readonly md5: string
  /** JSON of the type. */
  readonly metadata: string
  /** Unix milliseconds. */
  readonly createdAt: number
  /** Values by the names of the marks. */
  readonly marks: Readonly<Record<string, string>>
}

export interface PackageName {
  readonly type: string
  /** What the package is found by. */
  readonly packageName: string
  /** Absent: the package. */
  readonly scope?: DocumentScope
}

/**
 * A PackageState: of a package that has a file within the scope. It never has the document, which is larger
 * than a value of D1 may be.
 */
export function findPackageState({
  type,
  packageName,
  scope = 'package',
}: PackageName): ResourceQuery {
  return {
    sql: `SELECT json_object('packageId', p.id, 'name', p.name,
            'displayName', coalesce(p.display_name, p.name), 'state', p.state,
            'changedAt', p.changed_at, 'changes', p.changes, 'scope', json(?5))
          FROM package p
          WHERE p.owner_id = o.id AND p.type = ?3 AND p.name = ?4 ${existsWithin(scope)}`,
    parameters: [type, packageName, JSON.stringify(scope)],
  }
}

const PREFIX = "?5 ->> 'keyPrefix'"

function existsWithin(scope: DocumentScope): string {
  if (scope === 'package') return ''
  if ('tag' in scope) {
    return `AND EXISTS (SELECT 1 FROM package_tag t WHERE t.package_id = p.id AND t.name = ?5 ->> 'tag')`
  }
  const file =
    scope.keyPrefix === undefined
      ? ''
      : `JOIN package_file f ON f.version_id = v.id AND ${hasPrefix(PREFIX, PREFIX)}`
  return `AND EXISTS (SELECT 1 FROM package_version v ${file}
    WHERE v.package_id = p.id AND v.version = ?5 ->> 'version')`
}

/**
 * Of `f`, as a range of its index. Texts are compared by their bytes, of which none is 255: every text that
 * begins with the prefix is below.
 * @param from the prefix, or the first text that begins with it
 */
export function hasPrefix(from: string, prefix: string): string {
  return `f.composite_key >= ${from} AND f.composite_key < ${prefix} || CAST(x'ff' AS TEXT)`
}
