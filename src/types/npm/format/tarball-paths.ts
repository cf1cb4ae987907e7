// The paths in a tarball: which file is meant after the first folder was cut off, and whether every client would
// put it there. Some unpack links and some pass over them; Windows reads a backslash as a slash; and
// file systems that fold case have one file where the archive has two.
import type { TarEntry } from '../../../formats/archive/tar-entry.ts'
import { FormatError, malformed, quote } from '../../../formats/format-error.ts'

/** Links that one tarball may have: their names are held. */
const MAX_LINKS = 10_000

export class TarballPaths {
  /** The paths of links so far, in one case: on some file systems `D` leads through a link `d`. */
  readonly #links = new Set<string>()
  #hasPackageJson = false

  /**
   * The path that the entry has in the package's folder; empty for the folder itself and what lies beside it.
   * @throws FormatError
   */
  check({ name, type, linkName }: TarEntry): string {
    const parts = partsOf(name)
    if (parts.includes('..') || isAbsolute(name)) {
      throw malformed(`${quote(name)} in the tarball leads out of its folder`, 'pack it anew')
    }
    if (this.#isBelowLink(parts)) {
      throw malformed(
        `${quote(name)} in the tarball lies under a link`,
        'pack the files themselves',
      )
    }
    if (type === 'symlink' || type === 'hardlink') {
      this.#checkLink(name, parts, type === 'symlink' ? [...parts.slice(0, -1)] : [], linkName)
    } else if (type !== 'file' && type !== 'directory') {
      throw malformed(`${quote(name)} in the tarball is a ${type}`, 'pack files and folders alone')
    }
    if (foldCase(parts[1] ?? '') === 'package.json') this.#checkPackageJson(name, type, parts)
    return parts.slice(1).join('/')
  }

  #isBelowLink(parts: readonly string[]): boolean {
    if (this.#links.size === 0) return false
    const folded = parts.map(foldCase)
    return folded.some((_, index) => this.#links.has(folded.slice(0, index + 1).join('/')))
  }

  #checkLink(
    name: string,
    parts: readonly string[],
    from: readonly string[],
    target: string,
  ): void {
    const way = [...from]
    // The first folder has another name once it is unpacked, so a way through what is above it leads elsewhere.
    let inside = !isAbsolute(target)
    for (const part of partsOf(target)) {
      if (part === '..') way.pop()
      else way.push(part)
      inside &&= way.length > 0
    }
    if (!inside || way[0] !== parts[0] || way.length < 2) {
      const message = `${quote(name)} in the tarball is a link to ${quote(target)}, out of its folder`
      throw malformed(message, 'pack what it points to')
    }
    this.#links.add(parts.map(foldCase).join('/'))
    if (this.#links.size <= MAX_LINKS) return
    throw new FormatError('too-large', `the tarball has more than ${MAX_LINKS} links: pack files`)
  }

  #checkPackageJson(name: string, type: TarEntry['type'], parts: readonly string[]): void {
    if (type !== 'file' || name !== `${parts[0]}/package.json`) {
      const message = `${quote(name)} in the tarball is package.json to some clients and not to others`
      throw malformed(message, 'pack one file package/package.json')
    }
    if (this.#hasPackageJson) {
      const message = `the tarball has package.json twice, the second time as ${quote(name)}`
      throw malformed(message, 'keep one of them')
    }
    this.#hasPackageJson = true
  }
}

function partsOf(path: string): string[] {
  return path.split(/[\\/]/).filter((part) => part !== '' && part !== '.')
}

function isAbsolute(path: string): boolean {
  return /^(?:[\\/]|[A-Za-z]:)/.test(path)
}

function foldCase(part: string): string {
  return part.normalize('NFKC').toLowerCase()
}
