// Names of removed files of no repository: they rest as those of repositories do (core/near/resting.ts). A publish
// looks for them in its own batch. Names that differ in the composite key alone rest together, which does no harm.
import { type Condition, query, type Statement } from '../database.ts'
import { RegistryError } from '../errors.ts'
import { DATABASE_NOW, MOST_RESTS, RESTS_AGAIN } from '../near/resting.ts'
import type { NewFile } from './new-file.ts'
import type { PackagePlace } from './place.ts'

/**
 * To come before files are deleted that are in no repository.
 * @param ids JSON array
 */
export function restFiles(ids: string): Statement {
  return [
    `INSERT INTO resting_name (owner_name, type, place, name, part, sha256, removed_at)
     SELECT o.name, p.type, p.name, f.name, v.version, f.blob_sha256, ${DATABASE_NOW}
     FROM json_each(?1) j CROSS JOIN package_file f ON f.id = j.value
     CROSS JOIN package_version v ON v.id = f.version_id
     CROSS JOIN package p ON p.id = v.package_id
     CROSS JOIN owner o ON o.id = p.owner_id`,
    ids,
  ]
}

export interface Rest {
  /** How long a removed name takes no other bytes (core/near/facts.ts); 0: it takes them at once. */
  readonly milliseconds: number
  /**
   * Called when something waited for that.
   * @throws RegistryError where whoever publishes may do so no more
   */
  readonly over: () => Promise<void>
}

/** Milliseconds until none of the names rests that had other bytes; null where none does. */
const LEFT = `
  SELECT max(n.removed_at) + ?4 - ${DATABASE_NOW} FROM owner o CROSS JOIN json_each(?3) j
  CROSS JOIN resting_name n ON n.owner_name = o.name AND n.type = ?2 AND n.place = j.value ->> 0
    AND n.name = j.value ->> 1 AND n.part = j.value ->> 2 AND n.sha256 <> j.value ->> 3
  WHERE o.id = ?1 AND n.removed_at > ${DATABASE_NOW} - ?4`

/** Stands for all names of the collection, of which some may have been removed (0021_collections.sql). */
const ANY_NAME = ['', '', '', 'any'] as const

function valuesOf({ ownerId, type }: PackagePlace, files: readonly NewFile[], rest: number) {
  const names = files.map(({ packageName, fileName, version, blob }) => [
    ...[packageName, fileName, version, blob.sha256],
  ])
  return [ownerId, type, JSON.stringify([...names, ANY_NAME]), rest] as const
}

/** What has to hold before the files are inserted. */
export function noRest(
  place: PackagePlace,
  files: readonly NewFile[],
  { milliseconds }: Rest,
): Condition[] {
  if (milliseconds === 0 || files.length === 0) return []
  return [{ sql: `(${LEFT}) IS NULL`, parameters: valuesOf(place, files, milliseconds) }]
}

export interface Resting {
  readonly outcome: 'resting'
  /** Until it can be tried again. */
  readonly milliseconds: number
}

/** @throws RegistryError storage-unavailable */
export async function findRest(
  db: D1Database,
  place: PackagePlace,
  files: readonly NewFile[],
  rest: Rest,
): Promise<Resting | undefined> {
  if (rest.milliseconds === 0 || files.length === 0) return undefined
  const values = valuesOf(place, files, rest.milliseconds)
  const statement = db.prepare(`SELECT (${LEFT}) AS it`).bind(...values)
  const milliseconds = await query(() => statement.first<number>('it'))
  return milliseconds === null ? undefined : { outcome: 'resting', milliseconds }
}

/** Waits for names; not forever, where others remove and publish them in turns. */
export class Rests {
  readonly #rest: Rest
  #waits = 0

  constructor(rest: Rest) {
    this.#rest = rest
  }

  /** @throws RegistryError storage-unavailable after MOST_RESTS, and what `over` throws */
  async wait({ milliseconds }: Resting): Promise<void> {
    if (this.#waits === MOST_RESTS) throw new RegistryError(RESTS_AGAIN)
    this.#waits += 1
    await scheduler.wait(milliseconds)
    await this.#rest.over()
  }
}
