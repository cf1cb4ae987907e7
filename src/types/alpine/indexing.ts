// The index files of an Alpine repository: one per architecture, and one of the noarch packages,
// whose segments are appended to every architecture's. Assembled in two passes over the compressed
// segments, one to sign and one to store, so that no index is in memory as a whole.
import type { Fault } from '../../core/errors.ts'
import type { KeySet, SigningKey } from '../../core/signing-keys.ts'
import { FormatError } from '../../formats/format-error.ts'
import type {
  IndexBuild,
  IndexFile,
  IndexFiles,
  Listing,
  RepositoryIndexing,
  StoredIndexFile,
} from '../type.ts'
import { formatIndexEntry, type IndexEntry, IndexParser } from './format/apkindex.ts'
import {
  buildSignatureMember,
  frameIndex,
  type IndexFrame,
  type IndexSignature,
  readIndexArchive,
} from './format/index-archive.ts'
import { IndexVerification } from './format/index-verification.ts'
import { keyFileName } from './keys.ts'
import { INDEX_FILE, indexPath, NOARCH } from './names.ts'

/** apk 3 passes over a longer description. */
const MAX_DESCRIPTION = 160

export const alpineIndexing: RepositoryIndexing = {
  // One index lists both, and a client would fetch whichever entry comes first for either.
  clashes: (existing, added) => existing === added || existing === NOARCH || added === NOARCH,
  refusalOf,
  entryText: (metadata) => formatIndexEntry(parseMetadata(metadata)),
  buildIndexFiles,
  inspectIndexFile,
  partsIn,
  standingPaths: [indexPath(NOARCH)],
  isIndexPath: (path) => architectureOf(path) !== undefined,
}

const ARCHITECTURE = /^[a-z0-9_]{1,32}$/

/** Every noarch publish writes and signs the index of each, and none ever goes. */
const MAX_ARCHITECTURES = 32

function refusalOf(architecture: string, existing: IndexBuild['existing']): Fault | undefined {
  const known = existing.some(({ path }) => path === indexPath(architecture))
  if (known || existing.length < MAX_ARCHITECTURES) return undefined
  const detail =
    `architecture ${architecture} would be one more than the ${MAX_ARCHITECTURES} that a ` +
    'repository can have: use another repository'
  return { code: 'invalid-package', reason: 'invalid-field', field: 'arch', detail }
}

/** A file's metadata is its index entry, as the publish wrote it. */
function parseMetadata(json: string): IndexEntry {
  return JSON.parse(json) as IndexEntry
}

function buildIndexFiles(build: IndexBuild): IndexFiles {
  const architectures = [...affectedArchitectures(build)]
  const strays = build.existing.filter(({ path }) => architectureOf(path) === undefined)
  return {
    written: architectures.map((each) => buildIndex(build, each)),
    dropped: strays.map(({ path }) => path),
  }
}

/**
 * The noarch index exists from the first commit on, if need be empty: it answers for architectures
 * that have no packages of their own, and a missing index makes `apk upgrade` fail.
 */
function affectedArchitectures({
  existing,
  changed,
}: Pick<IndexBuild, 'existing' | 'changed'>): ReadonlySet<string> {
  const known = existing.flatMap(({ path }) => architectureOf(path) ?? [])
  if (changed === 'all') return new Set([...known, NOARCH])
  if (changed.has(NOARCH)) return new Set([...known, ...changed])
  return known.includes(NOARCH) ? changed : new Set([...changed, NOARCH])
}

function buildIndex(build: IndexBuild, architecture: string): IndexFile {
  const path = indexPath(architecture)
  const sources = partsIn(path).map((each) => build.segmentsOf(each))
  const { ownerName, name } = build.address
  const description = `${ownerName}/${name}`.slice(0, MAX_DESCRIPTION)
  const frame = frameIndex(
    sources.flatMap((source) => source.summaries),
    description,
  )
  function* content(): Generator<Uint8Array> {
    yield frame.head
    for (const source of sources) yield* source.pieces()
    yield frame.tail
  }
  const signatures = buildSignatureMember(signContent(content(), frame, build.keys))
  return {
    path,
    length: signatures.length + frame.length,
    *parts() {
      yield signatures
      yield* content()
    },
  }
}

/** apk takes the first signature whose key it knows: SHA-256 first, SHA-1 for clients before 2.10. */
const ALGORITHMS = [
  ['RSA256', 'SHA-256'],
  ['RSA', 'SHA-1'],
] as const

function signContent(
  content: Iterable<Uint8Array>,
  { length }: IndexFrame,
  { keys }: KeySet,
): IndexSignature[] {
  const started = keys.flatMap((key: SigningKey) =>
    ALGORITHMS.map(([algorithm, hash]) => ({
      algorithm,
      keyName: keyFileName(key),
      running: key.startSignature(hash),
    })),
  )
  let total = 0
  for (const part of content) {
    total += part.length
    for (const { running } of started) running.update(part)
  }
  if (total !== length) throw new Error(`the index has ${total} bytes, not ${length} as summed up`)
  return started.map(({ algorithm, keyName, running }) => ({
    algorithm,
    keyName,
    signature: running.finish(),
  }))
}

/** Larger than any index known, by a multiple. */
const MAX_UNPACKED = 512 * 1024 * 1024

/** As a client would: its signatures, where today's keys made them, and its entries. */
async function inspectIndexFile(
  { content }: StoredIndexFile,
  keys: KeySet | undefined,
  take: (listing: Listing) => Promise<void>,
): Promise<readonly string[]> {
  const parser = new IndexParser()
  const signers = keys?.keys ?? []
  const verification = new IndexVerification(
    signers.map((key) => ({ fileName: keyFileName(key), publicPem: key.publicPem })),
  )
  try {
    await readIndexArchive(
      content,
      { maxUnpacked: MAX_UNPACKED },
      {
        signatures: (signatures) => verification.begin(signatures),
        signed: (bytes) => verification.update(bytes),
        async text(text) {
          for (const entry of parser.push(text)) await take(listEntry(entry))
        },
      },
    )
    parser.end()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return [`unreadable index: ${error.message}`]
  }
  return keys === undefined ? [] : verification.findProblems()
}

/** An architecture is a part of its repository, and so are the noarch packages. */
function partsIn(path: string): readonly string[] {
  const architecture = architectureOf(path)
  if (architecture === undefined) return []
  return architecture === NOARCH ? [NOARCH] : [architecture, NOARCH]
}

/** Undefined for a path that no index file can have: a hand in the database left it. */
function architectureOf(path: string): string | undefined {
  const architecture = path.slice(0, -`/${INDEX_FILE}`.length)
  return ARCHITECTURE.test(architecture) && path === indexPath(architecture)
    ? architecture
    : undefined
}

function listEntry(entry: IndexEntry): Listing {
  const { architecture: part, name, version } = entry
  return { part, fileName: `${name}-${version}.apk`, text: formatIndexEntry(entry) }
}
