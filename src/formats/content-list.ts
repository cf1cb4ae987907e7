// Writes and parses a package's list of contents: gzip of JSON lines, first a head, then one entry a
// line in the package's own order. The writer compresses piece by piece while the package streams by.
// It counts the entries beyond its limits without keeping them, so that memory never holds a long list.
import { encodeUtf8 } from './bytes.ts'
import {
  type DeflatedPiece,
  deflatePiece,
  joinPieces,
  storedPiece,
} from './compression/deflate-pieces.ts'
import { FormatError, quote } from './format-error.ts'

const entryTypes = [
  'file',
  'directory',
  'symlink',
  'hardlink',
  'character',
  'block',
  'fifo',
] as const

export interface ContentEntry {
  /** The path without a slash at either end. */
  readonly path: string
  readonly type: (typeof entryTypes)[number]
  /** Permission bits in octal: `0755`. */
  readonly mode: string
  /** Bytes of a file; absent for other types. */
  readonly size?: number
  /** The target of a link. One of more than 4,096 characters is cut there and ends with `…`. */
  readonly target?: string
  /** The SHA-1 that the package states, in lower-case hex. */
  readonly sha1?: string
}

export interface ContentListHead {
  /** Entries of the package. */
  readonly entries: number
  /** Entries in the list: all of the package's, or the first ones if a limit was passed. */
  readonly listed: number
}

export interface ContentListLimits {
  /** Bytes of the lines, before and after compression. */
  readonly maxPlain: number
  readonly maxDeflated: number
}

export const contentListLimits: ContentListLimits = {
  maxPlain: 16 * 1024 * 1024,
  maxDeflated: 4 * 1024 * 1024,
}

const format = 1
/** Characters that are compressed in one piece. */
const pieceLength = 64 * 1024
/** Fewer bytes than these are stored as they are: compressing them saves less than its time is worth. */
const storedLength = 512
/** The longest path on Linux (PATH_MAX), where packages' links are made. */
const maxTarget = 4096
/** This level takes a third of the time of zlib's highest level and gives a twentieth more bytes. */
const level = 3

/** Takes entries and makes the list. */
export class ContentListWriter {
  readonly #limits: ContentListLimits
  readonly #pieces: DeflatedPiece[] = []
  #pending = ''
  #entries = 0
  #listed = 0
  #plain = 0
  #deflated = 0
  #full = false

  constructor(limits: ContentListLimits = contentListLimits) {
    this.#limits = limits
  }

  add(entry: ContentEntry): void {
    this.#entries += 1
    if (this.#full) return
    this.#pending += formatEntry(entry)
    if (this.#pending.length >= pieceLength) this.#flush()
  }

  /** The bytes of the list, to be stored. Call it once. */
  finish(): Uint8Array {
    if (!this.#full) this.#flush()
    const head = { format, entries: this.#entries, listed: this.#listed }
    return joinPieces([storedPiece(encodeUtf8(`${JSON.stringify(head)}\n`)), ...this.#pieces])
  }

  /** Keeps all pending lines if they are within the limits. If not, it keeps none of them and nothing after them. */
  #flush(): void {
    const bytes = encodeUtf8(this.#pending)
    this.#pending = ''
    const piece = bytes.length < storedLength ? storedPiece(bytes) : deflatePiece(bytes, { level })
    this.#plain += piece.length
    this.#deflated += piece.deflated.length
    this.#full = this.#plain > this.#limits.maxPlain || this.#deflated > this.#limits.maxDeflated
    if (this.#full) return
    this.#pieces.push(piece)
    this.#listed = this.#entries
  }
}

function formatEntry({ target, ...entry }: ContentEntry): string {
  if (target === undefined) return `${JSON.stringify(entry)}\n`
  const kept = target.length > maxTarget ? `${target.slice(0, maxTarget)}…` : target
  return `${JSON.stringify({ ...entry, target: kept })}\n`
}

/** @throws FormatError */
export function parseContentListHead(line: string): ContentListHead {
  const value = parseObject(line)
  const { entries, listed } = value
  if (value.format !== format || !isCount(entries) || !isCount(listed) || listed > entries) {
    throw new FormatError('unsupported', `${quote(line)} is not the head of a list of format 1`)
  }
  return { entries, listed }
}

/** @throws FormatError */
export function parseContentEntry(line: string): ContentEntry {
  const { path, mode, size, target, sha1, ...rest } = parseObject(line)
  const type = entryTypes.find((known) => known === rest.type)
  if (typeof path !== 'string' || typeof mode !== 'string' || type === undefined) {
    throw new FormatError('malformed', `${quote(line)} is not an entry of a list of files`)
  }
  return {
    path,
    type,
    mode,
    ...(isCount(size) ? { size } : {}),
    ...(typeof target === 'string' ? { target } : {}),
    ...(typeof sha1 === 'string' ? { sha1 } : {}),
  }
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch (cause) {
    throw new FormatError('malformed', `${quote(line)} is not a line of JSON`, { cause })
  }
  throw new FormatError('malformed', `${quote(line)} is not a JSON object`)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
