// The index files of an Alpine repository, built anew from all entries at each commit: one per
// architecture, and one of the noarch packages, which every architecture's index lists as well.
import type { SigningKey } from '../../core/signing-keys.ts'
import { concatBytes, encodeUtf8 } from '../../formats/bytes.ts'
import { type DeflatedPiece, deflatePiece } from '../../formats/deflate-pieces.ts'
import type { IndexBuild, IndexFile, RepositoryIndexing } from '../registry.ts'
import { INDEX_FILE, indexPath, NOARCH } from './coordinates.ts'
import {
  compareIndexEntries,
  formatIndexEntry,
  type IndexEntry,
  splitSegments,
} from './format/apkindex.ts'
import { buildIndexArchive, buildSignatureMember } from './format/index-archive.ts'
import { architecturesIn, inspectIndexFile, listEntry } from './index-check.ts'

/** apk 3 passes over a longer description. */
const MAX_DESCRIPTION = 160

export const alpineIndexing: RepositoryIndexing = {
  // One index lists both, and a client would fetch whichever entry comes first for either.
  clashes: (existing, added) => existing === added || existing === NOARCH || added === NOARCH,
  buildIndexFiles,
  inspectIndexFile,
  architecturesIn,
  listingOf: (metadata) => listEntry(parseMetadata(metadata)),
}

async function buildIndexFiles(build: IndexBuild): Promise<readonly IndexFile[]> {
  const noarch = deflateEntries(await build.metadataOf(NOARCH))
  const files: IndexFile[] = []
  for (const architecture of affectedArchitectures(build)) {
    const own = architecture === NOARCH ? [] : deflateEntries(await build.metadataOf(architecture))
    const bytes = await signIndex([...own, ...noarch], build)
    files.push({ path: indexPath(architecture), bytes })
  }
  return files
}

/**
 * The noarch index exists from the first commit on, if need be empty: it answers for architectures
 * that have no packages of their own, and a missing index makes `apk upgrade` fail.
 */
export function affectedArchitectures({
  existing,
  changed,
}: Pick<IndexBuild, 'existing' | 'changed'>): ReadonlySet<string> {
  const known = existing.map(({ path }) => path.slice(0, -`/${INDEX_FILE}`.length))
  if (changed === 'all') return new Set(known)
  if (changed.has(NOARCH)) return new Set([...known, ...changed])
  return known.includes(NOARCH) ? changed : new Set([...changed, NOARCH])
}

function deflateEntries(metadata: readonly string[]): readonly DeflatedPiece[] {
  const entries = metadata.map(parseMetadata).sort(compareIndexEntries)
  return splitSegments(entries).map((segment) =>
    deflatePiece(encodeUtf8(segment.map(formatIndexEntry).join(''))),
  )
}

/** A file's metadata is its index entry, as the publish wrote it. */
function parseMetadata(json: string): IndexEntry {
  return JSON.parse(json) as IndexEntry
}

async function signIndex(
  segments: readonly DeflatedPiece[],
  { address, keys }: IndexBuild,
): Promise<Uint8Array> {
  const description = `${address.ownerName}/${address.name}`.slice(0, MAX_DESCRIPTION)
  const content = concatBytes([...buildIndexArchive(segments, description).parts])
  const signatures = await Promise.all(keys.keys.map((key) => signaturesBy(key, content)))
  return concatBytes([buildSignatureMember(signatures.flat()), content])
}

/** apk takes the first signature whose key it knows: SHA-256 first, SHA-1 for clients before 2.10. */
async function signaturesBy(key: SigningKey, content: Uint8Array) {
  return [
    {
      algorithm: 'RSA256' as const,
      keyName: key.fileName,
      signature: await key.sign('SHA-256', content),
    },
    {
      algorithm: 'RSA' as const,
      keyName: key.fileName,
      signature: await key.sign('SHA-1', content),
    },
  ]
}
