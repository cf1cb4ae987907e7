// Keeps the copy in the Durable Object's own SQLite: the segments of its repository's indexes, both as
// entries and compressed, and the head to which they belong. The copy may be behind D1, never ahead,
// and can be made again from D1.
import { concatBytes } from '../../formats/bytes.ts'
import type { DeflatedPiece, PieceSummary } from '../../formats/compression/deflate-pieces.ts'
import type { SegmentEntry } from '../../formats/segments/segments.ts'

export interface StoredSegment extends PieceSummary {
  readonly id: number
  /** The id of the segment's first entry. */
  readonly first: string
}

/** A segment that is not stored yet. */
export interface FreshSegment extends PieceSummary {
  readonly id: undefined
  readonly first: string
  readonly entries: readonly SegmentEntry[]
  readonly piece: DeflatedPiece
}

/** The commit to which the stored segments belong. */
export interface CopyHead {
  readonly repositoryId: string
  readonly head: string
  readonly revision: number
}

export interface RebuildProgress {
  readonly part: string
  readonly last: string
}

/** The work of the object since its start, by which tests and benchmarks measure the cost of a commit. */
export interface IndexWork {
  /** Rows of segments' summaries read. Assembling an index file reads the summaries of all its segments. */
  summariesRead: number
  /** Segments read as entries to change them. */
  segmentsRead: number
  segmentsWritten: number
  /** Characters of text compressed. */
  textCompressed: number
  /** Index files assembled. */
  builds: number
}

/** Compressed bytes read at once. */
const READ_BYTES = 512 * 1024

/** Raise this number when entries are cut, compressed or stored otherwise. Older copies are then made again. */
const LAYOUT = 6

const LAYOUT_TABLE = 'CREATE TABLE IF NOT EXISTS layout (version INTEGER NOT NULL)'

const TABLES = {
  copy: `id INTEGER PRIMARY KEY CHECK (id = 1), repository_id TEXT NOT NULL, head TEXT NOT NULL,
    revision INTEGER NOT NULL`,
  segment: `id INTEGER PRIMARY KEY AUTOINCREMENT, part TEXT NOT NULL, first TEXT NOT NULL,
    length INTEGER NOT NULL, crc32 INTEGER NOT NULL, deflated_length INTEGER NOT NULL,
    UNIQUE (part, first)`,
  segment_entries: 'id INTEGER PRIMARY KEY, entries TEXT NOT NULL',
  segment_piece: 'id INTEGER PRIMARY KEY, deflated BLOB NOT NULL',
  rebuild: `id INTEGER PRIMARY KEY CHECK (id = 1), head TEXT NOT NULL, part TEXT NOT NULL,
    last TEXT NOT NULL`,
}

export class SegmentStore {
  readonly work: IndexWork = {
    summariesRead: 0,
    segmentsRead: 0,
    segmentsWritten: 0,
    textCompressed: 0,
    builds: 0,
  }
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#sql = storage.sql
    this.#sql.exec(LAYOUT_TABLE)
    const [layout] = this.#rows<{ version: number }>('SELECT version FROM layout')
    if (layout?.version !== LAYOUT) this.transaction(() => this.#beginLayout())
  }

  /** Makes the tables anew, since an older layout may have had other columns. */
  #beginLayout(): void {
    for (const [table, columns] of Object.entries(TABLES)) {
      this.#sql.exec(`DROP TABLE IF EXISTS ${table}`)
      this.#sql.exec(`CREATE TABLE ${table} (${columns})`)
    }
    this.#sql.exec('DELETE FROM layout')
    this.#sql.exec('INSERT INTO layout (version) VALUES (?)', LAYOUT)
  }

  transaction(run: () => void): void {
    this.#storage.transactionSync(run)
  }

  findHead(): CopyHead | undefined {
    const [row] = this.#rows<CopyHead & Row>(
      'SELECT repository_id AS repositoryId, head, revision FROM copy',
    )
    return row
  }

  saveHead({ repositoryId, head, revision }: CopyHead): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO copy (id, repository_id, head, revision) VALUES (1, ?, ?, ?)',
      repositoryId,
      head,
      revision,
    )
  }

  /** Marks the segments as belonging to no known commit. */
  forgetHead(): void {
    this.#sql.exec('DELETE FROM copy')
  }

  /** The segments of a part, in order. */
  readSummaries(part: string): StoredSegment[] {
    const rows = this.#rows<Row & StoredSegment>(
      `SELECT id, first, length, crc32, deflated_length AS deflatedLength
       FROM segment WHERE part = ? ORDER BY first`,
      part,
    )
    this.work.summariesRead += rows.length
    return rows
  }

  readEntries(id: number): SegmentEntry[] {
    this.work.segmentsRead++
    const [row] = this.#rows<{ entries: string }>(
      'SELECT entries FROM segment_entries WHERE id = ?',
      id,
    )
    if (row === undefined) throw new Error(`the segment ${id} has no entries`)
    return JSON.parse(row.entries) as SegmentEntry[]
  }

  readLastEntries(part: string): SegmentEntry[] | undefined {
    const [row] = this.#rows<{ id: number }>(
      'SELECT id FROM segment WHERE part = ? ORDER BY first DESC LIMIT 1',
      part,
    )
    return row === undefined ? undefined : this.readEntries(row.id)
  }

  /** Reads the deflated pieces of segments in order, joined to a few large chunks, which R2 takes faster. */
  *readPieces(segments: readonly StoredSegment[]): Generator<Uint8Array> {
    for (let at = 0; at < segments.length; ) {
      const batch: number[] = []
      for (let bytes = 0; at < segments.length && bytes < READ_BYTES; at++) {
        const segment = segments[at]
        if (segment === undefined) break
        batch.push(segment.id)
        bytes += segment.deflatedLength
      }
      const rows = this.#rows<{ deflated: ArrayBuffer }>(
        `SELECT p.deflated FROM json_each(?) j JOIN segment_piece p ON p.id = j.value
         ORDER BY j.key`,
        JSON.stringify(batch),
      )
      if (rows.length !== batch.length) throw new Error('a segment has no piece')
      yield concatBytes(rows.map((row) => new Uint8Array(row.deflated)))
    }
  }

  insert(part: string, { first, entries, piece }: FreshSegment): void {
    const [row] = this.#rows<{ id: number }>(
      `INSERT INTO segment (part, first, length, crc32, deflated_length)
       VALUES (?, ?, ?, ?, ?) RETURNING id`,
      part,
      first,
      piece.length,
      piece.crc32,
      piece.deflated.length,
    )
    const id = row?.id ?? null
    const json = JSON.stringify(entries)
    this.#sql.exec('INSERT INTO segment_entries (id, entries) VALUES (?, ?)', id, json)
    this.#sql.exec('INSERT INTO segment_piece (id, deflated) VALUES (?, ?)', id, piece.deflated)
    this.work.segmentsWritten++
  }

  delete(ids: readonly number[]): void {
    for (const table of ['segment', 'segment_entries', 'segment_piece']) {
      this.#sql.exec(
        `DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(ids),
      )
    }
  }

  clear(): void {
    for (const table of Object.keys(TABLES)) this.#sql.exec(`DELETE FROM ${table}`)
  }

  /** How far a rebuild for this head has come: its part, and the id of the last stored segment's last entry. */
  findProgress(head: string): RebuildProgress | undefined {
    const [row] = this.#rows<Row & RebuildProgress>(
      'SELECT part, last FROM rebuild WHERE head = ?',
      head,
    )
    return row
  }

  saveProgress(head: string, part: string, last: string): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO rebuild (id, head, part, last) VALUES (1, ?, ?, ?)',
      head,
      part,
      last,
    )
  }

  endRebuild(): void {
    this.#sql.exec('DELETE FROM rebuild')
  }

  /** Reads all rows at once, because a cursor that lives across an await loses rows. */
  #rows<T extends Record<string, SqlStorageValue>>(sql: string, ...values: SqlStorageValue[]): T[] {
    return this.#sql.exec<T>(sql, ...values).toArray()
  }
}

type Row = Record<string, SqlStorageValue>
