// The tables of D1, from which drizzle-kit writes the migrations. Times are Unix milliseconds,
// digests lower-case hex. Invariants that readers rely on are constraints, never only code.
import { sql } from 'drizzle-orm'
import {
  check,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'

/** Someone whose packages these are. `id` is random and never used twice; `name` is lower case. */
export const owner = sqliteTable(
  'owner',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull().unique(),
    visibility: text('visibility', { enum: ['public', 'private'] }).notNull(),
    /** The secret binding that holds this owner's signing key; null is the deployment's own. */
    signingKey: text('signing_key'),
    /** JSON object of the limits that differ from the deployment's (core/quota); null for none. */
    limits: text('limits'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    index('owner_listing').on(table.visibility, table.name),
    check('owner_visibility', sql`${table.visibility} IN ('public', 'private')`),
  ],
)

/**
 * What an owner has, counted: each batch that adds or removes something changes it too. Apart from
 * `owner`, since the settings there seldom change. An owner without a row has nothing yet.
 */
export const ownerUsage = sqliteTable('owner_usage', {
  ownerId: text('owner_id')
    .primaryKey()
    .references(() => owner.id, { onDelete: 'cascade' }),
  files: integer('files').notNull().default(0),
  /** Of its files' `metadata_bytes`, and of rows that outlast files (core/quota/weights.ts). */
  metadataBytes: integer('metadata_bytes').notNull().default(0),
  /** The size of each file, also where several share one blob: else it would tell who else has the bytes. */
  fileBytes: integer('file_bytes').notNull().default(0),
  repositories: integer('repositories').notNull().default(0),
  tokens: integer('tokens').notNull().default(0),
  /** Uploads over several requests that have not ended. */
  openUploads: integer('open_uploads').notNull().default(0),
})

/**
 * What an owner removed of late of types without repositories, by the day: its contents stay for a week, and their
 * rows are charged for so long. Removals from a repository are in its log, which is charged for good.
 */
export const ownerRemoval = sqliteTable(
  'owner_removal',
  {
    ownerId: text('owner_id')
      .notNull()
      .references(() => owner.id, { onDelete: 'cascade' }),
    /** Days since 1970, UTC. */
    day: integer('day').notNull(),
    /** As they are in `owner_usage.metadata_bytes` until the sweep takes the row. */
    bytes: integer('bytes').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.day] }),
    index('owner_removal_day').on(table.day),
  ],
)

/**
 * The log of removals from types without repositories, where no row is left to say whose they were: for 90 days, for
 * which their owner is charged. The owner's history shows it.
 */
export const removedFile = sqliteTable(
  'removed_file',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    ownerId: text('owner_id')
      .notNull()
      .references(() => owner.id, { onDelete: 'cascade' }),
    type: text('type').notNull(),
    packageName: text('package_name').notNull(),
    version: text('version').notNull(),
    fileName: text('file_name').notNull(),
    sha256: text('sha256').notNull(),
    /** The id of the access token that asked for it, or `admin`. */
    removedBy: text('removed_by').notNull(),
    /** Unix milliseconds. */
    removedAt: integer('removed_at').notNull(),
    /** The id that the file had; of rows from before there was this column no file's. */
    fileId: text('file_id').notNull().default(''),
    /** As of the file; empty and null of rows from before there were these columns. */
    publishedBy: text('published_by').notNull().default(''),
    publishedAt: integer('published_at'),
  },
  (table) => [
    index('removed_file_owner').on(table.ownerId),
    index('removed_file_file').on(table.fileId),
  ],
)

/**
 * The places of changes in the history of their owner, of which other tables have what was changed. Triggers alone
 * write it (the migration `history`). Without rowid. Of files in no repository a publish stays as long as the file, and for
 * 90 days after its removal; of a repository a change stays as long as the repository.
 */
export const ownerChange = sqliteTable(
  'owner_change',
  {
    ownerId: text('owner_id')
      .notNull()
      .references(() => owner.id, { onDelete: 'cascade' }),
    /** Unix milliseconds. */
    createdAt: integer('created_at').notNull(),
    /** Of a change in a repository its id; of a file in none the file's, of its removal with `-removed` behind it. */
    id: text('id').notNull(),
    /** 0 of a change in a repository, 1 of the publish of a file in none, 2 of its removal. */
    kind: integer('kind').notNull(),
  },
  (table) => [primaryKey({ columns: [table.ownerId, table.createdAt, table.id] })],
)

/** A token is known by the SHA-256 of its text; the text itself is shown once and kept nowhere. */
export const accessToken = sqliteTable(
  'access_token',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => owner.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    hash: text('hash').notNull().unique(),
    /** JSON array of `read`, `write`, `admin`. */
    scopes: text('scopes').notNull(),
    /** JSON array of repositories that writes are restricted to, by their names within the owner; null: all. */
    repositories: text('repositories'),
    /** JSON array of package name patterns that writes are restricted to; null likewise. */
    packages: text('packages'),
    expiresAt: integer('expires_at'),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
  },
  (table) => [index('access_token_owner').on(table.ownerId)],
)

/** Sessions of browsers that were signed out of before their end; others have no row anywhere. */
export const endedSession = sqliteTable(
  'ended_session',
  {
    id: text('id').primaryKey(),
    /** When it would have ended anyway: nobody has to remember it from then on. */
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('ended_session_expiry').on(table.expiresAt)],
)

/** One signed repository. `head` is a random id, new at each commit: the fence compares it. */
export const repository = sqliteTable(
  'repository',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => owner.id, { onDelete: 'cascade' }),
    type: text('type').notNull(),
    /** Unique within owner and type; for Alpine `branch/repository`. */
    name: text('name').notNull(),
    head: text('head').notNull(),
    /** Counts the commits, from 1. */
    revision: integer('revision').notNull(),
    /** The last commits and what they removed, newest first (core/near/recent-commits.ts). */
    recent: text('recent').notNull().default(''),
    /** Once set, never unset: a file name never carries other bytes, also after its removal. */
    immutable: integer('immutable', { mode: 'boolean' }).notNull().default(false),
    /** What its owner is charged for its log and its retired names, which go with it alone. */
    logBytes: integer('log_bytes').notNull().default(0),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [unique('repository_name').on(table.ownerId, table.type, table.name)],
)

/**
 * What was removed of late: until no place remembers it any more the name carries no other bytes. By the names of
 * owner and repository and without foreign keys, since either may be made anew meanwhile.
 */
export const restingName = sqliteTable(
  'resting_name',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    ownerName: text('owner_name').notNull(),
    type: text('type').notNull(),
    /** The repository; of files without one `package/version`. */
    place: text('place').notNull(),
    name: text('name').notNull(),
    part: text('part').notNull(),
    sha256: text('sha256').notNull(),
    /** Unix milliseconds of the database's own clock. */
    removedAt: integer('removed_at').notNull(),
  },
  (table) => [
    index('resting_name_of').on(table.ownerName, table.type, table.place, table.name),
    index('resting_name_age').on(table.removedAt),
  ],
)

/** What was removed from an immutable repository: the names stay taken for good. */
export const retiredFile = sqliteTable(
  'retired_file',
  {
    repositoryId: text('repository_id')
      .notNull()
      .references(() => repository.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    part: text('part').notNull(),
    sha256: text('sha256').notNull(),
  },
  (table) => [primaryKey({ columns: [table.repositoryId, table.name, table.part] })],
)

/**
 * What was removed of files whose names stay taken (`keeps_name`): it may come back with the bytes that it had.
 * A row stays while its owner does.
 */
export const retiredVersion = sqliteTable(
  'retired_version',
  {
    ownerId: text('owner_id')
      .notNull()
      .references(() => owner.id, { onDelete: 'cascade' }),
    type: text('type').notNull(),
    /** Each as it is found by. */
    packageName: text('package_name').notNull(),
    version: text('version').notNull(),
    compositeKey: text('composite_key').notNull(),
    fileName: text('file_name').notNull(),
    sha256: text('sha256').notNull(),
    /** The package's name as it was written, which stays its spelling; null where that was not kept. */
    spelling: text('spelling'),
  },
  (table) => [
    primaryKey({
      columns: [
        table.ownerId,
        table.type,
        table.packageName,
        table.version,
        table.compositeKey,
        table.fileName,
      ],
    }),
  ],
)

/** The current index files of a repository. They are no packages: counts and searches miss them. */
export const repositoryIndex = sqliteTable(
  'repository_index',
  {
    repositoryId: text('repository_id')
      .notNull()
      .references(() => repository.id, { onDelete: 'cascade' }),
    /** Path within the repository, for Alpine `x86_64/APKINDEX.tar.gz`. */
    path: text('path').notNull(),
    r2Key: text('r2_key').notNull().unique(),
    sha256: text('sha256').notNull(),
    size: integer('size').notNull(),
    /** Names the signing keys used, so that a changed set is noticed and signed anew. */
    keySet: text('key_set').notNull(),
    /** Grows by at least a second per change, since clients compare whole seconds. */
    changedAt: integer('changed_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.repositoryId, table.path] })],
)

/** What each commit changed, in order; `change_id` makes a repeated request find its first effect. */
export const repositoryChange = sqliteTable(
  'repository_change',
  {
    repositoryId: text('repository_id')
      .notNull()
      .references(() => repository.id, { onDelete: 'cascade' }),
    revision: integer('revision').notNull(),
    changeId: text('change_id').notNull(),
    commitId: text('commit_id').notNull(),
    op: text('op', { enum: ['publish', 'remove', 'reindex'] }).notNull(),
    fileId: text('file_id').notNull(),
    architecture: text('architecture').notNull(),
    fileName: text('file_name').notNull(),
    /** Of the file: by it a Durable Object brings its copy up. */
    part: text('part').notNull().default(''),
    /** The id of the access token that asked for it, `admin`, or empty for a re-indexing. */
    createdBy: text('created_by').notNull().default(''),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.repositoryId, table.revision, table.changeId] }),
    uniqueIndex('repository_change_id').on(table.changeId),
    check('repository_change_op', sql`${table.op} IN ('publish', 'remove', 'reindex')`),
  ],
)

export const packageTable = sqliteTable(
  'package',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    ownerId: text('owner_id')
      .notNull()
      .references(() => owner.id),
    type: text('type').notNull(),
    /** What it is found by: lower case for types whose names match without case. */
    name: text('name').notNull(),
    /** As its publisher wrote it; null when that is `name`. */
    displayName: text('display_name'),
    createdAt: integer('created_at').notNull(),
    /** A random id, new at each change of the package or its files (core/packages/state.ts). */
    state: text('state').notNull().default(''),
    /** A whole second. Grows by at least a second at each change, since clients compare whole seconds. */
    changedAt: integer('changed_at').notNull().default(0),
    /** Counts the changes, for people. It repeats after a removal or a restore: no cache may be keyed by it. */
    changes: integer('changes').notNull().default(1),
    /** How many it has. Triggers count them, as all counts of lists (0016_lists.sql). */
    versions: integer('versions').notNull().default(0),
  },
  (table) => [
    unique('package_name').on(table.ownerId, table.type, table.name),
    index('package_listing').on(table.ownerId, table.name, table.type),
  ],
)

/**
 * All packages of an owner and a type whose files are in no repository: one row, changed with each of them.
 * Of files in a repository the head of the repository says the same.
 */
export const packageCollection = sqliteTable(
  'package_collection',
  {
    ownerId: text('owner_id')
      .notNull()
      .references(() => owner.id, { onDelete: 'cascade' }),
    type: text('type').notNull(),
    /** As of a package. */
    state: text('state').notNull(),
    changedAt: integer('changed_at').notNull(),
    changes: integer('changes').notNull(),
    /**
     * As of a repository, with the state for its head. Where something draws a state and writes no list, a trigger
     * begins one, and all names of the collection rest (0021_collections.sql).
     */
    recent: text('recent').notNull().default(''),
  },
  (table) => [primaryKey({ columns: [table.ownerId, table.type] })],
)

/** Carries no metadata: two files of one version may differ in everything that an index shows. */
export const packageVersion = sqliteTable(
  'package_version',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    packageId: integer('package_id')
      .notNull()
      .references(() => packageTable.id, { onDelete: 'cascade' }),
    /** Likewise what it is found by. */
    version: text('version').notNull(),
    displayVersion: text('display_version'),
    createdAt: integer('created_at').notNull(),
    /** Compared byte by byte, as SQLite does: the order of the type's versions. Empty for types without one. */
    orderKey: text('order_key').notNull().default(''),
    prerelease: integer('prerelease', { mode: 'boolean' }).notNull().default(false),
    /** Whether each of its files has a mark that withdraws it; kept right by every batch that changes either. */
    withdrawn: integer('withdrawn', { mode: 'boolean' }).notNull().default(false),
    /** How many it has, counted by triggers. */
    files: integer('files').notNull().default(0),
  },
  (table) => [
    // Newest first.
    index('package_version_newest').on(table.packageId, table.id),
    unique('package_version_version').on(table.packageId, table.version),
    // Its last entry of a package is the latest version (core/packages/latest.ts).
    index('package_version_latest').on(
      table.packageId,
      sql`(1 - withdrawn) * (2 - prerelease)`,
      table.orderKey,
    ),
  ],
)

/**
 * What people are given in pages: of an owner, of an owner and a type, and of a repository. Triggers alone write
 * this table and the three behind it (0016_lists.sql), whichever batch changes packages, versions or files.
 */
export const packageList = sqliteTable('package_list', {
  id: integer('id').primaryKey(),
  /** The owner's id; that, a space and the type; or the id of the repository. */
  key: text('key').notNull().unique(),
  ownerId: text('owner_id')
    .notNull()
    .references(() => owner.id, { onDelete: 'cascade' }),
  repositoryId: text('repository_id').references(() => repository.id, { onDelete: 'cascade' }),
  packages: integer('packages').notNull().default(0),
  versions: integer('versions').notNull().default(0),
  /** Of a list of owner and type a random id, new at each change of one of its packages; else empty. */
  state: text('state').notNull().default(''),
})

/** The versions of each list, in the order of publishing. Without rowid. */
export const listedVersion = sqliteTable(
  'listed_version',
  {
    listId: integer('list_id').notNull(),
    versionId: integer('version_id').notNull(),
    packageId: integer('package_id').notNull(),
    /** Of a repository: how many of its files; else 0. */
    files: integer('files').notNull(),
  },
  (table) => [primaryKey({ columns: [table.listId, table.versionId] })],
)

/** The packages of each repository's list, by name. Without rowid. */
export const listedPackage = sqliteTable(
  'listed_package',
  {
    listId: integer('list_id').notNull(),
    name: text('name').notNull(),
    packageId: integer('package_id').notNull(),
    versions: integer('versions').notNull(),
  },
  (table) => [primaryKey({ columns: [table.listId, table.name, table.packageId] })],
)

/**
 * The versions of each repository by package, in the order of the type's versions: the last of a package is what
 * clients of the repository install. Triggers write it (0022_repository_versions.sql). Without rowid.
 */
export const repositoryVersion = sqliteTable(
  'repository_version',
  {
    packageId: integer('package_id').notNull(),
    /** That of the repository. */
    listId: integer('list_id').notNull(),
    /** 2 for a version as usual, 1 for a prerelease, 0 for one that is withdrawn. */
    standing: integer('standing').notNull(),
    /** As of the version. */
    orderKey: text('order_key').notNull(),
    versionId: integer('version_id').notNull(),
  },
  (table) => [
    primaryKey({
      columns: [table.packageId, table.listId, table.standing, table.orderKey, table.versionId],
    }),
  ],
)

/**
 * Of each package what its name has from each of its first 64 characters on: up to 32 characters, lower case. A part
 * of a name is found by it as the beginning of one of these. Without rowid.
 */
export const packageNamePiece = sqliteTable(
  'package_name_piece',
  {
    /** That of owner and type. */
    listId: integer('list_id').notNull(),
    piece: text('piece').notNull(),
    packageId: integer('package_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.listId, table.piece, table.packageId] })],
)

/** A name that points at one version of a package and can be moved to another. It goes with the version. */
export const packageTag = sqliteTable(
  'package_tag',
  {
    packageId: integer('package_id')
      .notNull()
      .references(() => packageTable.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    versionId: integer('version_id')
      .notNull()
      .references(() => packageVersion.id, { onDelete: 'cascade' }),
    /** Whether it points at the latest version that remains when its own is removed; else it goes too. */
    fallsBack: integer('falls_back', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.packageId, table.name] }),
    index('package_tag_version').on(table.versionId),
  ],
)

/**
 * The changes of marks and tags of late, whether or not they found anything to change. A batch that is sent
 * again finds the id of its change here, and fails. Rows go when no batch can land any more.
 */
export const packageChange = sqliteTable('package_change', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  changeId: text('change_id').notNull().unique(),
  /** Whether anything is different since. */
  applied: integer('applied', { mode: 'boolean' }).notNull(),
  createdAt: integer('created_at').notNull(),
})

/** One row per content. `r2_key` is where the bytes are; no key is ever written twice. */
export const packageBlob = sqliteTable(
  'package_blob',
  {
    sha256: text('sha256').primaryKey(),
    /** Empty, as the other two, where no type that has the content takes it. */
    sha1: text('sha1').notNull(),
    sha512: text('sha512').notNull(),
    md5: text('md5').notNull(),
    r2Key: text('r2_key').notNull().unique(),
    size: integer('size').notNull(),
    createdAt: integer('created_at').notNull(),
    /** When the last file that used it went; null while one does. */
    unreferencedAt: integer('unreferenced_at'),
  },
  (table) => [
    index('package_blob_unreferenced')
      .on(table.unreferencedAt)
      .where(sql`${table.unreferencedAt} IS NOT NULL`),
  ],
)

export const packageFile = sqliteTable(
  'package_file',
  {
    /** Minted by the request that uploads it, so that its repetition can be recognised. */
    id: text('id').primaryKey(),
    versionId: integer('version_id')
      .notNull()
      .references(() => packageVersion.id),
    /** Null for types without an index. */
    repositoryId: text('repository_id').references(() => repository.id),
    /** What tells files of one name apart, for Alpine `branch/repository/architecture`. */
    compositeKey: text('composite_key').notNull(),
    /** What it runs on, for people; empty for types without. */
    architecture: text('architecture').notNull(),
    /** The list of its repository that has it; empty without a repository, or where it has one list. */
    part: text('part').notNull().default(''),
    /** Likewise what it is found by. */
    name: text('name').notNull(),
    displayName: text('display_name'),
    blobSha256: text('blob_sha256')
      .notNull()
      .references(() => packageBlob.sha256),
    /** JSON that the type wrote and alone reads: what the index and the pages show of the file. */
    metadata: text('metadata').notNull(),
    /** What the owner is charged for `metadata` and the properties that came with it, in bytes. */
    metadataBytes: integer('metadata_bytes').notNull().default(0),
    /** Whether its name stays taken when it is removed (`retired_version`): what its publish said, it keeps. */
    keepsName: integer('keeps_name', { mode: 'boolean' }).notNull().default(false),
    /** The id of the access token that published it, or `admin`. */
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    unique('package_file_name').on(table.versionId, table.compositeKey, table.name),
    uniqueIndex('package_file_repository').on(table.repositoryId, table.name, table.part),
    index('package_file_listing').on(table.repositoryId, table.part, table.id),
    index('package_file_blob').on(table.blobSha256),
  ],
)

/**
 * What a file says of itself for people, in Markdown or plain. Apart from `package_file`, since documents and lists
 * read those rows and hardly ever this text.
 */
export const packageReadme = sqliteTable('package_readme', {
  fileId: text('file_id')
    .primaryKey()
    .references(() => packageFile.id, { onDelete: 'cascade' }),
  /** As in the file that was published, such as `README.md`. */
  fileName: text('file_name').notNull(),
  text: text('text').notNull(),
})

/** A value on a file that can be changed, such as that it is deprecated. A version has a mark that all its files have. */
export const packageMark = sqliteTable(
  'package_mark',
  {
    fileId: text('file_id')
      .notNull()
      .references(() => packageFile.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    value: text('value').notNull(),
    /** Whether it keeps the file's version from being the latest, as yanking does. */
    withdraws: integer('withdraws', { mode: 'boolean' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.fileId, table.name] })],
)

/**
 * A name and value on exactly one of package, version and file. The owner is repeated here so that a
 * search by name and value reads the rows of that owner and no others.
 */
export const packageProperty = sqliteTable(
  'package_property',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    ownerId: text('owner_id').notNull().default(''),
    packageId: integer('package_id').references(() => packageTable.id, { onDelete: 'cascade' }),
    versionId: integer('version_id').references(() => packageVersion.id, { onDelete: 'cascade' }),
    fileId: text('file_id').references(() => packageFile.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    value: text('value').notNull(),
  },
  // Partial: each row is in one of the three, and every entry of an index is a row written.
  (table) => [
    uniqueIndex('package_property_of_package')
      .on(table.packageId, table.name, table.value)
      .where(sql`${table.packageId} IS NOT NULL`),
    uniqueIndex('package_property_of_version')
      .on(table.versionId, table.name, table.value)
      .where(sql`${table.versionId} IS NOT NULL`),
    uniqueIndex('package_property_of_file')
      .on(table.fileId, table.name, table.value)
      .where(sql`${table.fileId} IS NOT NULL`),
    index('package_property_search').on(table.ownerId, table.name, table.value),
    check(
      'package_property_subject',
      sql`(${table.packageId} IS NOT NULL) + (${table.versionId} IS NOT NULL) + (${table.fileId} IS NOT NULL) = 1`,
    ),
  ],
)

/** R2 objects that no row names any more, and when they may be deleted. */
export const garbage = sqliteTable(
  'garbage',
  { r2Key: text('r2_key').primaryKey(), dueAt: integer('due_at').notNull() },
  (table) => [index('garbage_due').on(table.dueAt)],
)

/** How far the sweep of staged objects has come, by the part of the bucket. */
export const sweepProgress = sqliteTable('sweep_progress', {
  prefix: text('prefix').primaryKey(),
  /** `yyyymmddhh`, UTC: every hour up to this one is done. */
  hour: text('hour').notNull(),
})

/**
 * One row at most. `marker` is a random id that an object of the bucket carries too (core/deployment):
 * where they differ, database and bucket do not belong together.
 */
export const deployment = sqliteTable(
  'deployment',
  {
    id: integer('id').primaryKey(),
    marker: text('marker').notNull(),
    /** Whether the bucket is known to have got its object; until then it may be put there. */
    placed: integer('placed', { mode: 'boolean' }).notNull(),
    /** The backup that is being restored; null at all other times. */
    restoring: text('restoring'),
  },
  (table) => [check('deployment_single', sql`${table.id} = 1`)],
)

/** Empty but within a commit, where the constraint fails the batch whose base was overtaken. */
export const expectation = sqliteTable('expectation', { ok: integer('ok').notNull() }, (table) => [
  check('stale_repository', sql`${table.ok} = 1`),
])
