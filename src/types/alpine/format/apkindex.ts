// Entries of an index, exactly as `apk index` writes them (apk-tools src/package.c,
// apk_pkg_write_index_header), their order, and the segments that an index is assembled from.
// Refuses values that break lines: one bad entry makes clients refuse the whole index.
import { encodeUtf8 } from '../../../formats/bytes.ts'
import { FormatError, findUnprintable, quote } from '../../../formats/format-error.ts'
import type { InspectedPackage } from './package-info.ts'

export interface IndexEntry {
  /** `Q1` and base64 of the SHA-1 of the package's compressed control member. */
  readonly identity: string
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** Bytes of the package file, and bytes once installed. */
  readonly fileSize: number
  readonly installedSize: number
  readonly description: string
  readonly url: string
  readonly license: string
  readonly origin?: string
  readonly maintainer?: string
  /** Unix seconds. */
  readonly buildTime?: number
  readonly commit?: string
  readonly providerPriority?: number
  readonly depends: readonly string[]
  readonly provides: readonly string[]
  readonly installIf: readonly string[]
}

/** apk reads an index through a buffer of this size: a longer line makes it refuse all of it. */
const maxLine = 128 * 1024

/** What an index says of a package. */
export function describePackage({
  info,
  identity,
  fileSize,
  installedSize,
}: InspectedPackage): IndexEntry {
  const {
    packager: _packager,
    replaces: _replaces,
    triggers: _triggers,
    dataHash: _,
    ...rest
  } = info
  return { ...rest, identity, fileSize, installedSize }
}

/**
 * The entry's lines and the blank line that ends it.
 * @throws FormatError `invalid-field` for a value that no line can carry
 */
export function formatIndexEntry(entry: IndexEntry): string {
  const lists = [
    optionalLine('D', entry.depends.join(' ')),
    optionalLine('p', entry.provides.join(' ')),
    optionalLine('i', entry.installIf.join(' ')),
  ]
  return `${formatEntryHead(entry)}${lists.join('')}\n`
}

/**
 * The lines before the lists, which apk writes into its database through a buffer of their own.
 * @throws FormatError `invalid-field` for a value that no line can carry
 */
export function formatEntryHead(entry: IndexEntry): string {
  const lines = [
    line('C', entry.identity),
    line('P', entry.name),
    line('V', entry.version),
    line('A', entry.architecture),
    line('S', String(entry.fileSize)),
    line('I', String(entry.installedSize)),
    line('T', entry.description),
    line('U', entry.url),
    line('L', entry.license),
    optionalLine('o', entry.origin),
    optionalLine('m', entry.maintainer),
    optionalLine('t', entry.buildTime),
    optionalLine('c', entry.commit),
    optionalLine('k', entry.providerPriority),
  ]
  return lines.join('')
}

function optionalLine(letter: string, value: string | number | undefined): string {
  return value === undefined || value === '' || value === 0 ? '' : line(letter, String(value))
}

function line(letter: string, value: string): string {
  // At most three bytes for each UTF-16 unit: most values need not be encoded to be measured.
  const tooLong = value.length * 3 >= maxLine - 2 && encodeUtf8(value).length >= maxLine - 2
  if (findUnprintable(value) === undefined && !tooLong) return `${letter}:${value}\n`
  const reason = tooLong ? 'is longer than a line may be' : 'holds a control character'
  throw new FormatError('invalid-field', `${letter}: ${quote(value)} ${reason}`, { field: letter })
}

type Fields = ReadonlyMap<string, string>

/**
 * The entries of an index's text, as it comes. Strict, for what this program or `apk index` wrote: every
 * line is a known field, no field comes twice, and every entry ends with a blank line.
 */
export class IndexParser {
  #fields = new Map<string, string>()
  #lines = 0
  /** The beginning of a line whose end is yet to come. */
  #rest = ''

  /**
   * The entries that end in this piece of the text.
   * @throws FormatError with the number of the line
   */
  push(text: string): IndexEntry[] {
    const entries: IndexEntry[] = []
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const each of lines) {
      this.#lines++
      if (each !== '') {
        this.#addField(each)
        continue
      }
      if (this.#fields.size > 0) entries.push(parseEntry(this.#fields, this.#lines))
      this.#fields = new Map()
    }
    if (this.#rest.length > maxLine) throw malformed(this.#lines + 1, 'is longer than apk reads')
    return entries
  }

  /** @throws FormatError when the text ends within an entry */
  end(): void {
    if (this.#rest !== '') throw malformed(this.#lines + 1, 'does not end with a newline')
    if (this.#fields.size === 0) return
    throw malformed(this.#lines, 'is the last one: the entry is not ended')
  }

  #addField(line: string): void {
    const letter = line.slice(0, 1)
    if (line[1] !== ':' || !knownLetters.includes(letter)) {
      throw malformed(this.#lines, `is no field: ${quote(line)}`)
    }
    if (this.#fields.has(letter)) throw malformed(this.#lines, `repeats ${letter}:`)
    this.#fields.set(letter, line.slice(2))
  }
}

const knownLetters = 'CPVASITULomtckDpi'

function parseEntry(fields: Fields, lineNumber: number): IndexEntry {
  const text = (letter: string) => fields.get(letter) ?? ''
  const required = (letter: string) => {
    const value = text(letter)
    if (value === '') throw malformed(lineNumber, `ends an entry without ${letter}:`)
    return value
  }
  const number = (letter: string) => {
    const value = Number(text(letter))
    if (/^[0-9]*$/.test(text(letter)) && Number.isSafeInteger(value)) return value
    throw malformed(lineNumber, `ends an entry whose ${letter}: is no number`)
  }
  const list = (letter: string) => text(letter).split(' ').filter(Boolean)
  return {
    identity: required('C'),
    name: required('P'),
    version: required('V'),
    architecture: text('A'),
    fileSize: number('S'),
    installedSize: number('I'),
    description: text('T'),
    url: text('U'),
    license: text('L'),
    ...(text('o') === '' ? {} : { origin: text('o') }),
    ...(text('m') === '' ? {} : { maintainer: text('m') }),
    ...(number('t') === 0 ? {} : { buildTime: number('t') }),
    ...(text('c') === '' ? {} : { commit: text('c') }),
    ...(number('k') === 0 ? {} : { providerPriority: number('k') }),
    depends: list('D'),
    provides: list('p'),
    installIf: list('i'),
  }
}

function malformed(lineNumber: number, reason: string): FormatError {
  return new FormatError('malformed', `line ${lineNumber} of the index ${reason}`)
}
