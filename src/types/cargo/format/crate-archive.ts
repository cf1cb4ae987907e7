// A `.crate`: one gzip member of a tar archive with one folder, `{name}-{version}/`, and Cargo.toml in it.
// Refuses what cargo would refuse where it is unpacked, when it is too late (cargo, src/sources/registry),
// and what two readers would unpack differently.
import { TarReader } from '../../../formats/archive/tar.ts'
import type { TarEntry } from '../../../formats/archive/tar-entry.ts'
import { ByteReader, type ByteSource } from '../../../formats/bytes.ts'
import { readGzipMember } from '../../../formats/compression/gzip.ts'
import type { ContentEntry } from '../../../formats/content-list.ts'
import { FormatError, quote } from '../../../formats/format-error.ts'
import { CratePaths } from './crate-paths.ts'
import { type CrateManifest, parseManifest } from './manifest.ts'
import { crateTarRules } from './tar-rules.ts'

export interface CrateLimits {
  /** Bytes that the archive unpacks to. Cargo unpacks no more of a crate that has less than a 20th of it. */
  readonly maxUnpacked: number
  readonly maxEntries: number
  /** Bytes of a path within the folder. */
  readonly maxPath: number
  /** Characters of all paths: they are what is held in memory. */
  readonly maxAllPaths: number
  /** Bytes of Cargo.toml. */
  readonly maxManifest: number
}

export const crateLimits: CrateLimits = {
  maxUnpacked: 512 * 1024 * 1024,
  maxEntries: 100_000,
  maxPath: 1024,
  maxAllPaths: 16 * 1024 * 1024,
  maxManifest: 1024 * 1024,
}

/** Bytes of one extended header, and of all of them. */
const maxHeaderData = 16 * 1024
const maxAllHeaderData = 32 * 1024 * 1024

const WHAT = 'the crate'

/** Name and version, as the folder has them. */
export interface CrateIdentity {
  readonly name: string
  readonly version: string
}

/**
 * Reads and checks a whole crate; memory does not grow with it, but for the paths in it.
 * The source is read to its end, or left where the first fault was found.
 * @param identify is called once the source gave its first bytes, which may be behind what says it
 * @param onEntry is told of each entry, with its path within the folder
 * @throws FormatError, and whatever the source or `identify` throws
 */
export async function inspectCrate(
  source: ByteSource,
  identify: () => CrateIdentity,
  limits: CrateLimits = crateLimits,
  onEntry?: (entry: ContentEntry) => void,
): Promise<CrateManifest> {
  const reader = new ByteReader(source)
  if (await reader.atEnd()) {
    throw new FormatError(
      'truncated',
      'the crate is empty: send the .crate file that cargo packaged',
    )
  }
  const { name, version } = identify()
  const unpacked = readGzipMember(reader, { what: WHAT, maxUnpacked: limits.maxUnpacked })
  const tar = new TarReader(unpacked, {
    what: WHAT,
    maxEntries: limits.maxEntries,
    maxHeaderData,
    maxAllHeaderData,
    rules: crateTarRules,
  })
  try {
    const manifest = await readEntries(tar, `${name}-${version}`, limits, onEntry)
    await refuseTrailing(reader)
    return manifest
  } finally {
    await tar.close()
  }
}

async function readEntries(
  tar: TarReader,
  folder: string,
  limits: CrateLimits,
  onEntry?: (entry: ContentEntry) => void,
): Promise<CrateManifest> {
  const paths = new CratePaths(folder, limits)
  let manifest: CrateManifest | undefined
  for (let entry = await tar.next(); entry; entry = await tar.next()) {
    const path = paths.take(entry)
    if (path === '') continue
    if (path.toLowerCase() === 'cargo.toml') {
      // Where names match without case, one would take the place of the other.
      if (path !== 'Cargo.toml' || entry.type !== 'file') throw misnamed(path)
      manifest = parseManifest(await tar.readContent(limits.maxManifest))
    }
    onEntry?.(describeEntry(entry, path))
  }
  if (manifest !== undefined) return manifest
  const missing = `the crate has no ${quote(`${folder}/Cargo.toml`)}`
  throw new FormatError('malformed', `${missing}: package it with cargo, which puts it there`)
}

function misnamed(path: string): FormatError {
  const message = `${quote(path)} has to be a file of the name "Cargo.toml": rename it`
  return new FormatError('malformed', message)
}

function describeEntry(entry: TarEntry, path: string): ContentEntry {
  const mode = entry.mode.toString(8).padStart(4, '0')
  if (entry.type !== 'file') return { path, type: entry.type, mode }
  return { path, type: 'file', mode, size: entry.size }
}

/** Cargo reads the first member alone, tar and gzip go on. */
async function refuseTrailing(reader: ByteReader): Promise<void> {
  if (await reader.atEnd()) return
  const reason = 'the crate goes on after its gzip member, where cargo stops reading'
  throw new FormatError('malformed', `${reason}: compress all of it as one member`)
}
