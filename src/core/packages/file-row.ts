// What a request about one file needs to know of it, as part of the one statement that it makes.
import type { RemovableFile } from './remove.ts'

export interface FileRow extends RemovableFile {
  /** As its publisher wrote it. */
  readonly displayName: string
  /** 1 when the name will never carry other bytes. */
  readonly immutable: number
  readonly r2Key: string
  /** Bytes. */
  readonly size: number
  /** Unix milliseconds. */
  readonly changedAt: number
}

/**
 * A JSON object of the shape of FileRow, for a query that calls package_file `f`, package_blob `b`,
 * package_version `v`, package `p` and repository `r` (joined, or left joined for types without).
 */
export const FILE_ROW = `json_object('id', f.id, 'name', f.name,
  'displayName', coalesce(f.display_name, f.name), 'architecture', f.architecture,
  'packageName', p.name, 'version', v.version, 'repository', r.name,
  'immutable', coalesce(r.immutable, 0), 'r2Key', b.r2_key, 'size', b.size, 'sha256', b.sha256,
  'changedAt', f.created_at)`
