// The list of what a package holds: gzip of JSON lines, first a head, then an entry a line in the
// package's own order. It is compressed piece by piece while the package streams by, and what passes
// its limits is counted and not kept, so that no package has a long list in memory.
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
  /** Without a slash at either end. */
  readonly path: string
  readonly type: (typeof entryTypes)[number]
  /** Permission bits in octal: `0755`. */
  readonly mode: string
  /** Bytes, of a file. */
  readonly size?: number
  /** What a link points to, cut at 4,096 characters and then ended by `…`. */
  readonly target?: string
  /** As the package says, in lower-case hex. */
  readonly sha1?: string
}

export interface ContentListHead {
  /** Entries of the package. */
  readonly entries: number
  /** Entries of the list: the first ones, and all of them unless a limit was passed. */
  readonly listed: number
}

export interface ContentListLimits {
  /** Bytes of the lines, and of what they are compressed to. */
  readonly maxPlain: number
  readonly maxDeflated: number
}

export const contentListLimits: ContentListLimits = {
  maxPlain: 16 * 1024 * 1024,
  maxDeflated: 4 * 1024 * 1024,
}

const format = 1
/** Characters that are compressed at once. */
const pieceLength = 64 * 1024
/** Bytes of so few entries that compression takes longer than what it saves is worth. */
const storedLength = 512
/** As long as a path can be where the links are made. */
const maxTarget = 4096
/** A third of the time of zlib's highest level, for a twentieth more bytes. */
const level = 3

/** Takes entries and makes the list of them. */
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

  /** The list as it is to be kept. Call it once. */
  finish(): Uint8Array {
    if (!this.#full) this.#flush()
    const head = { format, entries: this.#entries, listed: this.#listed }
    return joinPieces([storedPiece(encodeUtf8(`${JSON.stringify(head)}\n`)), ...this.#pieces])
  }

  /** All of what is pending is kept, or none of it and nothing after it. */
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
