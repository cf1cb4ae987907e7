// The one database of a history, and what is true of it: its owner, its repository or collection and the files, of two
// names under two architectures and noarch, or in two versions.

import { runBatch } from '../../../../src/core/database.ts'
import type { Visibility } from '../../../../src/core/owners.ts'
import { dropOrphans } from '../../../../src/core/packages/rows.ts'
import { restoreRows, type SavedRows, saveRows } from '../time-travel.ts'
import type { Kind } from './kinds.ts'
import type { Visible } from './promises.ts'
import { askHome, type FileKey, type Route, type TestedFile } from './routes.ts'

export const ARCHITECTURES = ['x86_64', 'aarch64'] as const
export const NAMES = ['f', 'g'] as const

const keyOf = ({ part, name }: FileKey) => `${part}/${name}`

function clashes(one: FileKey, other: FileKey): boolean {
  if (one.name !== other.name) return false
  return one.part === other.part || one.part === 'noarch' || other.part === 'noarch'
}

interface Moment {
  readonly rows: SavedRows
  readonly files: ReadonlyMap<string, TestedFile>
  readonly visibility: Visibility
}

export class Primary {
  readonly #db: D1Database
  readonly #ownerName: string
  readonly #kind: Kind
  readonly #route: Route
  #files = new Map<string, TestedFile>()
  #visibility: Visibility = 'public'
  #saved: Moment | undefined

  constructor(db: D1Database, ownerName: string, kind: Kind, route: Route) {
    this.#db = db
    this.#kind = kind
    this.#ownerName = ownerName
    this.#route = route
  }

  get files(): readonly TestedFile[] {
    return [...this.#files.values()]
  }

  get isPublic(): boolean {
    return this.#visibility === 'public'
  }

  /** By path: the file of the architecture itself, or the one of noarch. */
  get visible(): Visible {
    const visible = new Map<string, number>()
    for (const part of ARCHITECTURES)
      for (const name of NAMES) {
        const file =
          this.#files.get(keyOf({ part, name })) ?? this.#files.get(keyOf({ part: 'noarch', name }))
        if (file !== undefined) visible.set(keyOf({ part, name }), file.content)
      }
    return visible
  }

  /** With no row but those of the history before. */
  async begin(): Promise<void> {
    await restoreRows()
    await this.setVisibility('public')
  }

  /** Whether no file stands in the way of one. */
  isFree(key: FileKey): boolean {
    return !this.files.some((each) => clashes(each, key))
  }

  /** @returns whether no file stood in its way */
  async publish(file: TestedFile): Promise<boolean> {
    const isFree = this.isFree(file)
    const isPublished = await this.#route.publish(file)
    if (isPublished !== isFree) throw new Error(`${keyOf(file)} was free: ${isFree}`)
    if (isPublished) this.#files.set(keyOf(file), file)
    return isPublished
  }

  async remove(files: readonly TestedFile[]): Promise<void> {
    await this.#route.remove(files)
    for (const file of files) this.#files.delete(keyOf(file))
  }

  /** As a version removes that keeps no list of commits and lets no name rest. */
  async removeByOlderCode(file: TestedFile): Promise<void> {
    const { row, owner } = await askHome(this.#db, this.#ownerName, this.#kind, file)
    if (row.resource === null || owner === undefined) throw new Error(`no ${keyOf(file)}`)
    const found = JSON.parse(row.resource)
    const place = { ownerId: owner.id, type: this.#kind.type }
    await runBatch(this.#db, [
      ...this.#kind.olderCommit(owner.id),
      ['DELETE FROM package_file WHERE id = ?1', found.id],
      ...dropOrphans(place, [found], Date.now()),
    ])
    this.#files.delete(keyOf(file))
  }

  async setVisibility(visibility: Visibility): Promise<void> {
    await this.#route.putOwner(visibility)
    this.#visibility = visibility
  }

  /** @returns false where the owner still has files */
  async makeOwnerAnew(visibility: Visibility): Promise<boolean> {
    if (this.#files.size > 0) return false
    await this.#route.deleteOwner()
    await this.setVisibility(visibility)
    return true
  }

  async deleteRepository(): Promise<boolean> {
    return this.#files.size === 0 && this.#route.deleteRepository()
  }

  /** As a list is cut that grew too long, which it would after some hundred commits. */
  async cutList(entries: number): Promise<void> {
    await runBatch(this.#db, [this.#kind.cut(13 * entries)])
  }

  async save(): Promise<void> {
    const [rows, files] = [await saveRows(), new Map(this.#files)]
    this.#saved = { rows, files, visibility: this.#visibility }
  }

  /**
   * Takes the database back to the moment that was saved.
   * @param drawn whether the command for backups does it, which draws heads anew and knows of no list and no rest
   * @returns false where no moment was saved
   */
  async restore(drawn: boolean): Promise<boolean> {
    if (this.#saved === undefined) return false
    const { rows, files, visibility } = this.#saved
    await restoreRows(rows)
    if (drawn) {
      await runBatch(this.#db, [['DELETE FROM resting_name'], ...this.#kind.drawHeads])
    }
    this.#files = new Map(files)
    await this.setVisibility(visibility)
    return true
  }
}
