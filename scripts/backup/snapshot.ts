// Reads all rows of a running registry. Each repository is read as it was at one instant: first its pages,
// while it may change, then the changes that its log has since, until log and repository agree. Files in no
// repository have no log. Their ids are listed again until nothing changed meanwhile, or a few times. Tags are
// read before each such listing, so that it has the versions to which they point. Marks, which may change, are
// read after it.
import type { FileRecord, RepositoryState } from '../../src/core/backup/read.ts'
import type { AskOptions } from '../registry.ts'
import { type BackedUpTable, keyOf, type Row, type Rows, sortRows } from './rows.ts'

interface RowPage {
  rows: Row[]
  next: string | null
}

interface FilePage {
  files: FileRecord[]
  next: string | null
}

export interface SnapshotOptions {
  registry: { ask<T>(path: string, options: AskOptions): Promise<T> }
  /** Counts the files that were read. */
  progress: { add(count: number): void }
  /**
   * Fetches the index files of a repository at once, since the registry deletes them some time after their
   * replacement. Returns whether all of them still existed.
   */
  keepIndexes: (indexes: readonly Row[]) => Promise<boolean>
}

const path = '/api/v1/deployment/backup'
const tries = 6
/** How often the state of a repository is read while one of its index files is missing. */
const indexTries = 4
/** How often the ids of files without a repository are listed to find one common instant. */
const listings = 4

export async function readSnapshot(options: SnapshotOptions): Promise<Rows> {
  const snapshot = new Snapshot()
  for (const repository of await readTable(options, 'repository')) {
    await readRepository(options, String(repository.id), snapshot)
  }
  await readOthers(options, snapshot)
  for (const table of [
    'package_readme',
    'package_mark',
    'retired_version',
    'removed_file',
  ] as const) {
    snapshot.add(table, await readTable(options, table))
  }
  // Owners and tokens come last, so that every owner in the backup has all that belongs to it.
  for (const table of ['owner', 'access_token', 'ended_session'] as const) {
    snapshot.plain.set(table, await readTable(options, table))
  }
  return snapshot.finish()
}

async function readRepository(options: SnapshotOptions, id: string, snapshot: Snapshot) {
  const changes = await readTable(options, 'repository_change', id)
  const retired = new Map(
    (await readTable(options, 'retired_file', id)).map((row) => [nameOf(row), row]),
  )
  const files = new Map<string, FileRecord>()
  await readFiles(options, files, id)
  for (let attempt = 1; ; attempt++) {
    const state = await catchUp(options, id, { changes, retired, files })
    // The repository was deleted with its owner.
    if (state.repository === null) return
    if ((await options.keepIndexes(state.indexes)) || attempt === indexTries) {
      snapshot.add('repository', [state.repository])
      snapshot.add('repository_index', state.indexes)
      snapshot.add('repository_change', changes)
      snapshot.add('retired_file', retired.values())
      for (const file of files.values()) snapshot.addFile(file)
      return
    }
  }
}

interface Read {
  changes: Row[]
  retired: Map<string, Row>
  files: Map<string, FileRecord>
}

/** Applies the commits since the last read change. Of a file that a change names, only its present state counts. */
async function catchUp(
  { registry }: SnapshotOptions,
  id: string,
  { changes, retired, files }: Read,
): Promise<RepositoryState> {
  for (;;) {
    const last = changes.at(-1)
    const since = last === undefined ? [] : [String(last.revision), String(last.change_id)]
    const query = `?after=${encodeURIComponent(JSON.stringify(since))}`
    const state = await registry.ask<RepositoryState>(`${path}/repositories/${id}${query}`, {
      tries,
    })
    for (const change of state.changes) files.delete(String(change.file_id))
    for (const file of state.files) files.set(String(file.package_file.id), file)
    for (const row of state.retired) retired.set(nameOf(row), row)
    changes.push(...state.changes)
    if (state.complete) return state
  }
}

function nameOf({ name, part }: Row): string {
  return JSON.stringify([name, part])
}

async function readFiles(
  { registry, progress }: SnapshotOptions,
  files: Map<string, FileRecord>,
  repository?: string,
): Promise<void> {
  const of = repository === undefined ? '' : `&repository=${encodeURIComponent(repository)}`
  for (let after: string | null = '[]'; after !== null; ) {
    const query: string = `?after=${encodeURIComponent(after)}${of}`
    const page: FilePage = await registry.ask(`${path}/files${query}`, { tries })
    for (const file of page.files) files.set(String(file.package_file.id), file)
    progress.add(page.files.length)
    after = page.next
  }
}

/** Reads the files in no repository. If files change all the time, each is read as it was at an instant of its own. */
async function readOthers(options: SnapshotOptions, snapshot: Snapshot): Promise<void> {
  const files = new Map<string, FileRecord>()
  await readFiles(options, files)
  const earlierTags: Row[] = []
  let known = new Set(files.keys())
  for (let listing = 1; ; listing++) {
    const tags = await readTable(options, 'package_tag')
    const ids = new Set((await readPages(options, `${path}/file-ids`)).map((row) => String(row.id)))
    const agrees = known.size === ids.size && [...ids].every((id) => files.has(id) && known.has(id))
    if (agrees || listing === listings) {
      // Without a common instant, files that were removed after they were read stay: their replacement may be unread.
      const read = agrees ? [...ids].flatMap((id) => files.get(id) ?? []) : files.values()
      for (const file of newestOfNames(read)) snapshot.addFile(file)
      // Likewise, a tag that points at an unread version points where it did before.
      snapshot.add('package_tag', agrees ? tags : [...earlierTags, ...tags])
      return
    }
    earlierTags.push(...tags)
    known = ids
    const missing = [...ids].filter((id) => !files.has(id))
    await readNamed(options, missing, files)
  }
}

/** Keeps the newest file of each name: one that was removed and published again between two pages is read twice. */
function newestOfNames(files: Iterable<FileRecord>): Iterable<FileRecord> {
  const byName = new Map<string, FileRecord>()
  for (const record of files) {
    const { package: of, package_version: version, package_file: file } = record
    const place = [of.owner_id, of.type, of.name, version.version, file.composite_key, file.name]
    const name = JSON.stringify(place)
    const known = byName.get(name)
    if (known === undefined || String(known.package_file.id) < String(file.id)) {
      byName.set(name, record)
    }
  }
  return byName.values()
}

async function readNamed(
  { registry }: SnapshotOptions,
  ids: readonly string[],
  files: Map<string, FileRecord>,
): Promise<void> {
  const most = 500
  for (let at = 0; at < ids.length; ) {
    const body = { ids: ids.slice(at, at + most) }
    const answer = await registry.ask<{ files: FileRecord[]; read: number }>(`${path}/files`, {
      method: 'POST',
      body,
      tries,
    })
    for (const file of answer.files) files.set(String(file.package_file.id), file)
    at += answer.read
  }
}

function readTable(options: SnapshotOptions, table: BackedUpTable, repository?: string) {
  const of = repository === undefined ? '' : `repository=${encodeURIComponent(repository)}`
  return readPages(options, `${path}/tables/${table}`, of)
}

async function readPages(
  { registry }: SnapshotOptions,
  address: string,
  query = '',
): Promise<Row[]> {
  const rows: Row[] = []
  for (let after: string | null = '[]'; after !== null; ) {
    const page: RowPage = await registry.ask(
      `${address}?after=${encodeURIComponent(after)}&${query}`,
      { tries },
    )
    rows.push(...page.rows)
    after = page.next
  }
  return rows
}

/** Collects rows. Packages, versions and blobs come with the records of files, and are kept once each. */
class Snapshot {
  readonly plain = new Map<BackedUpTable, Row[]>()
  readonly #packages = new Map<string, Row>()
  readonly #versions = new Map<string, Row>()
  readonly #blobs = new Map<string, Row>()
  readonly #files: Row[] = []

  add(table: BackedUpTable, rows: Iterable<Row>): void {
    const known = this.plain.get(table) ?? []
    this.plain.set(table, known)
    for (const row of rows) known.push(row)
  }

  addFile({
    package: of,
    package_version: version,
    package_blob: blob,
    package_file: file,
    properties,
  }: FileRecord) {
    const { owner_id, type, name } = of
    const place = { owner_id, type, package: name }
    addOnce(this.#packages, JSON.stringify([owner_id, type, name]), of, properties.package)
    const row = { ...place, ...version }
    addOnce(this.#versions, versionKeyOf(row), row, properties.version)
    this.#blobs.set(String(blob.sha256), blob)
    this.#files.push({ ...place, version: version.version, ...file, properties: properties.file })
  }

  /** The last reading of each tag whose version is in the snapshot. */
  #tags(owned: (row: Row) => boolean): Iterable<Row> {
    const tags = (this.plain.get('package_tag') ?? []).filter(
      (row) => owned(row) && this.#versions.has(versionKeyOf(row)),
    )
    return new Map(tags.map((row) => [keyOf('package_tag', row), row])).values()
  }

  finish(): Rows {
    const owners = new Set(this.plain.get('owner')?.map((row) => row.id))
    // Rows of an owner that was deleted meanwhile are left out.
    const owned = (row: Row) => owners.has(row.owner_id)
    const repositories = (this.plain.get('repository') ?? []).filter(owned)
    const ids = new Set(repositories.map((row) => row.id))
    const within = (table: BackedUpTable) =>
      (this.plain.get(table) ?? []).filter((row) => ids.has(row.repository_id))
    const files = this.#files.filter(owned)
    const kept = new Set(files.map((row) => row.id))
    const used = new Set(files.map((row) => row.blob_sha256))
    const rows: Rows = {
      owner: this.plain.get('owner') ?? [],
      access_token: (this.plain.get('access_token') ?? []).filter(owned),
      ended_session: this.plain.get('ended_session') ?? [],
      repository: repositories,
      retired_file: within('retired_file'),
      repository_index: within('repository_index'),
      repository_change: within('repository_change'),
      package: [...this.#packages.values()].filter(owned),
      package_version: [...this.#versions.values()].filter(owned),
      package_tag: [...this.#tags(owned)],
      package_blob: [...this.#blobs.values()].filter((row) => used.has(row.sha256)),
      package_file: files,
      package_readme: (this.plain.get('package_readme') ?? []).filter((row) =>
        kept.has(row.file_id),
      ),
      package_mark: (this.plain.get('package_mark') ?? []).filter((row) => kept.has(row.file_id)),
      retired_version: (this.plain.get('retired_version') ?? []).filter(owned),
      removed_file: (this.plain.get('removed_file') ?? []).filter(owned),
    }
    const sorted = Object.entries(rows).map(([table, list]) => [
      table,
      sortRows(table as BackedUpTable, list),
    ])
    return Object.fromEntries(sorted)
  }
}

function versionKeyOf({ owner_id, type, package: name, version }: Row): string {
  return JSON.stringify([owner_id, type, name, version])
}

type Properties = FileRecord['properties']['file']

/** Two files may have read one package at two moments. Keeps the properties of both, and the row of the later one. */
function addOnce(known: Map<string, Row>, key: string, row: Row, properties: Properties): void {
  const before = known.get(key)
  if (before === undefined) {
    known.set(key, { ...row, properties })
    return
  }
  const all = new Map(
    [...(before.properties as Properties), ...properties].map((each) => [
      JSON.stringify(each),
      each,
    ]),
  )
  const sorted = [...all.keys()].sort().map((each) => all.get(each))
  // A version has no count of changes, so the first row stays.
  const newer = Number(row.changes) > Number(before.changes) ? row : before
  known.set(key, { ...newer, properties: sorted })
}
