// Compares the entries of an index file with the rows of its files, however many there are. Both come in the
// same order, so that each entry usually meets its row at once. If it does not, the comparison keeps a name
// and a digest until the other side comes.
import { createHash } from 'node:crypto'
import type { Listing } from '../types/type.ts'

export type FileName = Pick<Listing, 'part' | 'fileName'>

/** A file that has come from one side alone so far. */
interface Unmatched {
  readonly file: FileName
  readonly digest: string
}

/** Problems that a comparison reports, at most: an index may be wrong from end to end. */
const MAX_PROBLEMS = 1000
/** Names that memory holds at once, of about 100 bytes each. An index in another order leaves all names unmatched. */
const MAX_UNMATCHED = 50_000

export class ListingComparison {
  readonly #rows: AsyncGenerator<Listing, void, undefined>
  readonly #entriesAlone = new Map<string, Unmatched>()
  readonly #rowsAlone = new Map<string, Unmatched>()
  readonly #problems: string[] = []
  #gaveUp = false

  /** @param rows the entries that the file must have, in its order */
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
   * Ends the comparison and returns the problems.
   * @param findFiles finds the files that have rows: an unmatched entry may be a second one of its file
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
      return [
        `over ${MAX_UNMATCHED} entries and rows do not match: this is the index of other files`,
      ]
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
    return [...problems.slice(0, MAX_PROBLEMS), 'further problems are not listed']
  }

  /** Compares a listing with the other side's. Keeps it until then if the other side has not come yet. */
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

/** The name of a file in a problem. It may be ambiguous. */
export function nameOf({ part, fileName }: FileName): string {
  return part === '' ? fileName : `${part}/${fileName}`
}

/** An unambiguous key. Parts and names may both have slashes, so two files may have one name for people. */
function keyOf({ part, fileName }: FileName): string {
  return JSON.stringify([part, fileName])
}
