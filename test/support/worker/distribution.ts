// A type with another kind of index than those that there are, in the shape of Debian's: plain files
// of several components under one list that has the sums of all of them, and earlier generations
// that can still be asked for by their sum. For the tests of the contract alone.
import { createHash } from 'node:crypto'
import { constants, inflateRawSync } from 'node:zlib'
import type { SegmentSource } from '../../../src/core/index-copy/prepared.ts'
import type {
  IndexBuild,
  IndexFile,
  IndexFiles,
  RepositoryIndexing,
} from '../../../src/types/type.ts'

export const RELEASE = 'Release'
/** Generations of a list that stay. */
const KEPT = 2

export const distribution: RepositoryIndexing = {
  clashes: (existing, added) => existing === added,
  refusalOf: () => undefined,
  entryText: (metadata) => metadata,
  buildIndexFiles,
  inspectIndexFile: async () => [],
  partsIn: (path) => (path === RELEASE ? [] : [path.replace(/\/Packages\/\w+$/, '')]),
}

function buildIndexFiles(build: IndexBuild): IndexFiles {
  const changed = build.changed === 'all' ? [] : [...build.changed]
  const lists = changed.map((part) => listOf(part, build.segmentsOf(part)))
  const dropped = changed.flatMap((part) => generationsOf(build, part).slice(KEPT - 1))
  const others = newestOf(build).filter((path) => !changed.includes(partOf(path)))
  const sums = [...others, ...lists.map(({ path }) => path)].sort()
  const release = new TextEncoder().encode(`Date: ${build.now}\n${sums.join('\n')}\n`)
  const files = [...lists, { path: RELEASE, length: release.length, parts: () => [release] }]
  return { written: files, dropped }
}

const partOf = (path: string) => path.replace(/\/Packages\/\w+$/, '')

/** The paths of one component's lists, newest first. */
function generationsOf({ existing }: IndexBuild, part: string): string[] {
  return existing
    .filter(({ path }) => path !== RELEASE && partOf(path) === part)
    .sort((a, b) => b.changedAt - a.changedAt)
    .map(({ path }) => path)
}

function newestOf(build: IndexBuild): string[] {
  const parts = new Set(build.existing.map(({ path }) => partOf(path)))
  parts.delete(RELEASE)
  return [...parts].flatMap((part) => generationsOf(build, part).slice(0, 1))
}

/** Deflate's window: so far back a piece may refer. */
const WINDOW = 32 * 1024

/** The text of segments, a piece at a time. */
export function* inflate(source: SegmentSource): Generator<Uint8Array> {
  let dictionary = Buffer.alloc(0)
  for (const piece of source.pieces()) {
    const text = inflateRawSync(piece, { finishFlush: constants.Z_SYNC_FLUSH, dictionary })
    dictionary = Buffer.concat([dictionary, text]).subarray(-WINDOW)
    yield text
  }
}

/** Two passes, one for the sum that is in the name. */
function listOf(part: string, source: SegmentSource): IndexFile {
  const parts = () => inflate(source)
  const hash = createHash('sha256')
  let length = 0
  for (const each of parts()) {
    hash.update(each)
    length += each.length
  }
  return { path: `${part}/Packages/${hash.digest('hex')}`, length, parts }
}
