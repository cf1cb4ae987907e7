// Compares what an index file lists with the rows of its files, however many there are. Both come in one
// order, so that each entry meets its row at once; of what does not, the name and a digest are kept until
// the other side comes.
import { createHash } from 'node:crypto'
import type { Listing } from '../types/type.ts'

export type FileName = Pick<Listing, 'part' | 'fileName'>

/** Of a file that was met on one side alone. */
interface Unmatched {
  readonly file: FileName
  readonly digest: string
}

/** An index that is wrong from end to end is not told entry by entry. */
const MAX_PROBLEMS = 1000
/** Names that are kept at once, of 100 bytes or so each: an index in another order has all of them. */
const MAX_UNMATCHED = 50_000

export class ListingComparison {
  readonly #rows: AsyncGenerator<Listing, void, undefined>
  readonly #entriesAlone = new Map<string, Unmatched>()
  readonly #rowsAlone = new Map<string, Unmatched>()
  readonly #problems: string[] = []
  #gaveUp = false

  /** @param rows what the file has to list, in its order */
  constructor(rows: AsyncGenerator<Listing, void, undefined>) {
    this.#rows = rows
  }

  /** Takes the next entry of the file. */
  async take(entry: Listing): Promise<void> {
    if (this.#gaveUp) return
    const { value: row } = await this.#rows.next()
    if (row !== undefined && keyOf(row) === keyOf(entry)) {
      if (row.text !== entry.text) this.#differs(row)
      return
    }
    if (row !== undefined) this.#meet(row, this.#rowsAlone, this.#entriesAlone)
    if (this.#entriesAlone.has(keyOf(entry))) this.#problems.push(`entry twice: ${nameOf(entry)}`)
    else this.#meet(entry, this.#entriesAlone, this.#rowsAlone)
    this.#gaveUp = this.#entriesAlone.size + this.#rowsAlone.size > MAX_UNMATCHED
  }

  /**
   * What is wrong, in words, when the file is over.
   * @param findFiles tells which of the files it has to list: an entry that is left may be a second one
   */
  async finish(
    findFiles: (files: readonly FileName[]) => Promise<readonly FileName[]>,
  ): Promise<string[]> {
    const problems = this.#problems
    if (!this.#gaveUp) {
      for await (const row of this.#rows) {
        this.#meet(row, this.#rowsAlone, this.#entriesAlone)
        this.#gaveUp = this.#rowsAlone.size > MAX_UNMATCHED
        if (this.#gaveUp) break
      }
    }
    if (this.#gaveUp)
      return [`over ${MAX_UNMATCHED} entries and rows do not meet: it is the index of other files`]
    const entries = [...this.#entriesAlone.values()].slice(0, MAX_PROBLEMS + 1)
    const found = await findFiles(entries.map(({ file }) => file))
    const listed = new Set(found.map(keyOf))
    for (const { file } of entries) {
      const name = nameOf(file)
      problems.push(listed.has(keyOf(file)) ? `entry twice: ${name}` : `entry without row: ${name}`)
    }
    const rows = [...this.#rowsAlone.values()].slice(0, MAX_PROBLEMS + 1)
    problems.push(...rows.map(({ file }) => `row without entry: ${nameOf(file)}`))
    if (problems.length <= MAX_PROBLEMS) return problems
    return [...problems.slice(0, MAX_PROBLEMS), 'and more: only the first are told']
  }

  /** Keeps what one side has alone, unless the other side had it before. */
  #meet(listing: Listing, alone: Map<string, Unmatched>, others: Map<string, Unmatched>): void {
    const key = keyOf(listing)
    const { part, fileName, text } = listing
    const digest = createHash('sha256').update(text).digest('base64')
    const other = others.get(key)
    if (other === undefined) alone.set(key, { file: { part, fileName }, digest })
    else {
      others.delete(key)
      if (other.digest !== digest) this.#differs(listing)
    }
  }

  #differs(file: FileName): void {
    if (this.#problems.length <= MAX_PROBLEMS) {
      this.#problems.push(`entry differs from row: ${nameOf(file)}`)
    }
  }
}

/** For people. */
export function nameOf({ part, fileName }: FileName): string {
  return part === '' ? fileName : `${part}/${fileName}`
}

/** Parts and names may have slashes both, so that what people are shown may be that of two files. */
function keyOf({ part, fileName }: FileName): string {
  return JSON.stringify([part, fileName])
}
