// The paths in a crate: all in one folder, none twice, and each a name that every system can unpack. The
// signs that cargo does not package (src/ops/cargo_package) are separators, streams or patterns somewhere.
import { Buffer } from 'node:buffer'
import type { TarEntry } from '../../../formats/archive/tar-entry.ts'
import { FormatError, findUnprintable, malformed, quote } from '../../../formats/format-error.ts'

/** NAME_MAX of Linux, in bytes. */
const MAX_SEGMENT = 255

export class CratePaths {
  readonly #folder: string
  readonly #limits: { readonly maxPath: number; readonly maxAllPaths: number }
  readonly #files = new Set<string>()
  /** Those with an entry, and those that an entry is in. */
  readonly #folders = new Set<string>()
  #characters = 0

  constructor(folder: string, limits: { readonly maxPath: number; readonly maxAllPaths: number }) {
    this.#folder = folder
    this.#limits = limits
  }

  /**
   * The path within the folder, empty for the folder itself.
   * @throws FormatError
   */
  take(entry: TarEntry): string {
    const path = this.#check(entry)
    this.#characters += path.length
    if (this.#characters > this.#limits.maxAllPaths) {
      const message = `the paths in the crate have more than ${this.#limits.maxAllPaths} characters in all`
      throw new FormatError('too-large', `${message}: package fewer files`)
    }
    this.#place(path, entry.type === 'directory')
    return path
  }

  #check({ name, type }: TarEntry): string {
    const whole = type === 'directory' ? name.replace(/\/$/, '') : name
    if (whole !== this.#folder && !whole.startsWith(`${this.#folder}/`)) {
      throw malformed(
        `the crate holds ${quote(name)}`,
        `everything has to be in ${quote(this.#folder)}`,
      )
    }
    const path = whole.slice(this.#folder.length + 1)
    if (whole === this.#folder) {
      if (type === 'directory') return ''
      throw malformed(`${quote(name)} is a file`, 'it has to be the folder of all others')
    }
    if (findUnprintable(path) !== undefined || /[\\<>:"|?*]/.test(path)) {
      const rule = 'without control characters and \\ < > : " | ? *, as cargo asks'
      throw malformed(`the crate holds ${quote(name)}`, `name it ${rule}`)
    }
    const segments = path.split('/')
    if (segments.some((each) => each === '' || each === '.' || each === '..')) {
      throw malformed(
        `the path ${quote(name)} is not safe`,
        'no part of it may be empty, "." or ".."',
      )
    }
    if (segments.some((each) => Buffer.byteLength(each) > MAX_SEGMENT))
      throw tooLong(name, MAX_SEGMENT)
    if (Buffer.byteLength(path) > this.#limits.maxPath) throw tooLong(name, this.#limits.maxPath)
    return path
  }

  /** Of a path that is there twice, readers keep the first or the last. */
  #place(path: string, folder: boolean): void {
    const twice = this.#files.has(path) || (!folder && this.#folders.has(path))
    if (twice) throw malformed(`the crate holds ${quote(path)} twice`, 'package it once')
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end)
      if (this.#files.has(parent)) {
        throw malformed(
          `${quote(path)} is in ${quote(parent)}, which is a file`,
          'rename one of them',
        )
      }
      if (this.#folders.has(parent)) break
      this.#folders.add(parent)
    }
    if (path === '') return
    if (folder) this.#folders.add(path)
    else this.#files.add(path)
  }
}

function tooLong(name: string, limit: number): FormatError {
  return new FormatError(
    'too-large',
    `the path ${quote(name)} has more than ${limit} bytes: shorten it`,
  )
}
