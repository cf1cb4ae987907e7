// Reads an index file back as a client would: its signatures, where today's keys made
// them, and its entries.
import { verify } from 'node:crypto'
import type { KeySet } from '../../core/signing-keys.ts'
import { FormatError } from '../../formats/format-error.ts'
import type { IndexInspection, Listing } from '../type.ts'
import { formatIndexEntry, type IndexEntry, parseIndex } from './format/apkindex.ts'
import { type IndexArchive, readIndexArchive } from './format/index-archive.ts'
import { keyFileName } from './keys.ts'
import { INDEX_FILE, NOARCH } from './names.ts'

/** Larger than any index known, by a multiple. */
const MAX_UNPACKED = 512 * 1024 * 1024

const HASHES: Readonly<Record<string, string>> = { RSA: 'RSA-SHA1', RSA256: 'RSA-SHA256' }

export async function inspectIndexFile(
  bytes: Uint8Array,
  keys: KeySet | undefined,
): Promise<IndexInspection> {
  try {
    const archive = await readIndexArchive(bytes, { maxUnpacked: MAX_UNPACKED })
    const listings = parseIndex(archive.text).map(listEntry)
    return { problems: keys === undefined ? [] : checkSignatures(archive, keys), listings }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { problems: [`unreadable index: ${error.message}`], listings: [] }
  }
}

export function architecturesIn(path: string): readonly string[] {
  const architecture = path.slice(0, -`/${INDEX_FILE}`.length)
  return architecture === NOARCH ? [NOARCH] : [architecture, NOARCH]
}

function listEntry(entry: IndexEntry): Listing {
  const { architecture, name, version } = entry
  return { architecture, fileName: `${name}-${version}.apk`, text: formatIndexEntry(entry) }
}

/** Every key signs with both digests, and every signature is by a key that there is. */
function checkSignatures({ signatures, signed }: IndexArchive, { keys }: KeySet): string[] {
  const problems: string[] = []
  for (const key of keys) {
    const fileName = keyFileName(key)
    for (const [algorithm, hash] of Object.entries(HASHES)) {
      const found = signatures.find((s) => s.keyName === fileName && s.algorithm === algorithm)
      if (found === undefined) problems.push(`bad signature: none of ${algorithm} by ${fileName}`)
      else if (!verify(hash, signed, key.publicPem, found.signature)) {
        problems.push(`bad signature: that of ${algorithm} by ${fileName} does not hold`)
      }
    }
  }
  const known = new Set(keys.map(keyFileName))
  const strangers = signatures.filter((signature) => !known.has(signature.keyName))
  return [...problems, ...strangers.map((s) => `bad signature: by ${s.keyName}, no current key`)]
}
