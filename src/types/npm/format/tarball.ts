// The tarball of a version, in one streaming pass: gzip, tar, and in it exactly one package.json that every client
// finds. npm, pnpm, yarn and bun all cut the first folder off each path and unpack what is left, each with rules
// of its own for links and doubled names. So what they would see differently is refused.
import { TarReader } from '../../../formats/archive/tar.ts'
import type { TarEntry } from '../../../formats/archive/tar-entry.ts'
import { ByteReader, type ByteSource, concatBytes, decodeUtf8 } from '../../../formats/bytes.ts'
import { readGzipMember } from '../../../formats/compression/gzip.ts'
import { malformed } from '../../../formats/format-error.ts'
import { isJsonObject, type JsonObject } from '../../../formats/text/json-value.ts'
import { TarballPaths } from './tarball-paths.ts'

export interface TarballLimits {
  /** Bytes that it may unpack to. */
  readonly maxUnpacked: number
  readonly maxEntries: number
  /** Bytes of package.json. */
  readonly maxPackageJson: number
  /** Bytes of the README that are kept; of a longer one the beginning. */
  readonly maxReadme: number
}

export const tarballLimits: TarballLimits = {
  maxUnpacked: 2 * 1024 ** 3,
  maxEntries: 100_000,
  maxPackageJson: 1024 * 1024,
  maxReadme: 64 * 1024,
}

export interface Readme {
  readonly fileName: string
  readonly text: string
}

export interface InspectedTarball {
  /** As it is in the tarball. */
  readonly packageJson: JsonObject
  readonly readme: Readme | undefined
  /** Whether it has an npm-shrinkwrap.json, which npm then goes by. */
  readonly hasShrinkwrap: boolean
  /** Whether it has a binding.gyp, so that clients build it. */
  readonly hasBindings: boolean
  /** Bytes of the tarball itself. */
  readonly size: number
  /** Of ordinary files, and their bytes. */
  readonly fileCount: number
  readonly unpackedSize: number
}

const WHAT = 'the tarball'
/** Bytes of pax headers in all. Versions of npm 2 wrote 6 kB before each file, which came to 78 MB for ember-cli 0.2.7. */
const MAX_HEADER_DATA = 96 * 1024 * 1024

/**
 * Reads the tarball to its end. Memory does not grow with it, but for the names of links in it.
 * @throws FormatError, and whatever the source throws
 */
export async function inspectTarball(
  source: ByteSource,
  limits: TarballLimits = tarballLimits,
): Promise<InspectedTarball> {
  const counted = { size: 0 }
  const reader = new ByteReader(count(source, counted))
  const { maxUnpacked, maxEntries } = limits
  const tar = new TarReader(readGzipMember(reader, { what: WHAT, maxUnpacked }), {
    what: WHAT,
    maxEntries,
    maxHeaderData: 128 * 1024,
    maxAllHeaderData: MAX_HEADER_DATA,
  })
  const contents = new Contents(tar, limits)
  try {
    for (let entry = await tar.next(); entry !== undefined; entry = await tar.next()) {
      await contents.take(entry)
    }
  } finally {
    await tar.close()
  }
  if (!(await endsInZeros(reader))) {
    throw malformed(`${WHAT} goes on after its gzip data`, 'pack it anew')
  }
  return { ...contents.finish(), size: counted.size }
}

/** Archivers of old filled up a last record, and gzip readers pass over zeros. */
async function endsInZeros(reader: ByteReader): Promise<boolean> {
  for (let rest = await reader.readSome(); rest; rest = await reader.readSome()) {
    if (rest.some((byte) => byte !== 0)) return false
  }
  return true
}

async function* count(source: ByteSource, counted: { size: number }): ByteSource {
  for await (const chunk of source) {
    counted.size += chunk.length
    yield chunk
  }
}

class Contents {
  readonly #tar: TarReader
  readonly #limits: TarballLimits
  readonly #paths = new TarballPaths()
  #packageJson: JsonObject | undefined
  #readme: (Readme & { readonly rank: number }) | undefined
  #hasShrinkwrap = false
  #hasBindings = false
  #fileCount = 0
  #unpackedSize = 0

  constructor(tar: TarReader, limits: TarballLimits) {
    this.#tar = tar
    this.#limits = limits
  }

  async take(entry: TarEntry): Promise<void> {
    const path = this.#paths.check(entry)
    if (entry.type !== 'file') return
    this.#fileCount += 1
    this.#unpackedSize += entry.size
    if (path === 'package.json') await this.#takePackageJson()
    else if (path === 'npm-shrinkwrap.json') this.#hasShrinkwrap = true
    else if (path === 'binding.gyp') this.#hasBindings = true
    else await this.#takeReadme(path)
  }

  finish(): Omit<InspectedTarball, 'size'> {
    const packageJson = this.#packageJson
    if (packageJson === undefined) {
      throw malformed(`${WHAT} has no package.json in its folder`, 'pack it with npm pack')
    }
    return {
      packageJson,
      readme: this.#readme && { fileName: this.#readme.fileName, text: this.#readme.text },
      hasShrinkwrap: this.#hasShrinkwrap,
      hasBindings: this.#hasBindings,
      fileCount: this.#fileCount,
      unpackedSize: this.#unpackedSize,
    }
  }

  async #takePackageJson(): Promise<void> {
    const bytes = await this.#tar.readContent(this.#limits.maxPackageJson)
    this.#packageJson = parsePackageJson(bytes)
  }

  async #takeReadme(path: string): Promise<void> {
    const rank = README_RANKS.findIndex((pattern) => pattern.test(path))
    if (rank < 0 || (this.#readme !== undefined && this.#readme.rank <= rank)) return
    const parts: Uint8Array[] = []
    let missing = this.#limits.maxReadme
    for await (const chunk of this.#tar.chunks()) {
      // A copy, which does not hold the whole chunk.
      parts.push(chunk.slice(0, missing))
      missing -= Math.min(missing, chunk.length)
      if (missing === 0) break
    }
    this.#readme = { rank, fileName: path, text: decodeReadme(concatBytes(parts)) }
  }
}

/** The best first, as npm has it. */
const README_RANKS = [
  /^readme\.md$/i,
  /^readme\.(?:markdown|mdown|mkd)$/i,
  /^readme$/i,
  /^readme\.[^/]+$/i,
]

/** What is no UTF-8, such as half a character at the end, is shown as such. */
function decodeReadme(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\ufffd$/, '')
}

function parsePackageJson(bytes: Uint8Array): JsonObject {
  const what = `package.json in ${WHAT}`
  const text = decodeUtf8(bytes)
  if (text === undefined) throw malformed(`${what} is not UTF-8`, 'save it in UTF-8')
  let value: unknown
  try {
    // Clients pass over a byte-order mark.
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    throw malformed(`${what} is not JSON`, 'mend it and pack it anew')
  }
  if (isJsonObject(value)) return value
  throw malformed(`${what} is not a JSON object`, 'mend it and pack it anew')
}
