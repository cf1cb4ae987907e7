// The product's readers of an index, which take it as it comes, for tests that have it whole.
import type { IndexEntry } from '../../../src/types/alpine/format/apkindex.ts'
import { IndexParser } from '../../../src/types/alpine/format/apkindex.ts'
import {
  type FoundSignature,
  readIndexArchive,
} from '../../../src/types/alpine/format/index-archive.ts'

/** The entries of a text that comes in pieces of so many characters. */
export function parseIndex(text: string, pieceLength = 7): IndexEntry[] {
  const parser = new IndexParser()
  const entries: IndexEntry[] = []
  for (let at = 0; at < text.length; at += pieceLength) {
    entries.push(...parser.push(text.slice(at, at + pieceLength)))
  }
  parser.end()
  return entries
}

export interface WholeIndex {
  readonly signatures: readonly FoundSignature[]
  readonly signed: Uint8Array
  readonly description: string | undefined
  readonly text: string
}

export async function readWholeIndex(
  bytes: Uint8Array,
  limits: { readonly maxUnpacked: number },
): Promise<WholeIndex> {
  let signatures: readonly FoundSignature[] = []
  const signed: Uint8Array[] = []
  const texts: string[] = []
  const description = await readIndexArchive(pieces(bytes), limits, {
    signatures(found) {
      signatures = found
    },
    signed(part) {
      signed.push(part.slice())
    },
    async text(part) {
      texts.push(part)
    },
  })
  const whole = new Uint8Array(Buffer.concat(signed))
  return { signatures, signed: whole, description, text: texts.join('') }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
}
