// Prints a line with the progress: often and in place on a terminal, now and then in a log.
const everyMs = { terminal: 200, log: 10_000 }

export class Progress {
  readonly #what: string
  readonly #total: number | undefined
  readonly #totalBytes: number | undefined
  #count = 0
  #bytes = 0
  #shownAt = Date.now()

  /** @param total undefined if nobody knows it beforehand */
  constructor(what: string, total?: number, totalBytes?: number) {
    this.#what = what
    this.#total = total
    this.#totalBytes = totalBytes
  }

  add(count: number, bytes = 0): void {
    this.#count += count
    this.#bytes += bytes
    const every = process.stderr.isTTY ? everyMs.terminal : everyMs.log
    if (Date.now() - this.#shownAt >= every) this.#show(process.stderr.isTTY ? '\r' : '\n')
  }

  /** Prints the final line. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r')
    this.#show('\n')
  }

  #show(end: string): void {
    this.#shownAt = Date.now()
    const of = this.#total === undefined ? '' : ` of ${this.#total.toLocaleString('en')}`
    const all = this.#totalBytes === undefined ? '' : ` of ${formatBytes(this.#totalBytes)}`
    const bytes = this.#bytes === 0 && all === '' ? '' : `, ${formatBytes(this.#bytes)}${all}`
    process.stderr.write(`${this.#what}: ${this.#count.toLocaleString('en')}${of}${bytes}   ${end}`)
  }
}

/** Formats bytes for people. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`
  }
  return `${bytes} bytes`
}

/** Runs the work for `atOnce` items at a time. A failure lets no work begin, and is thrown once all work has ended. */
export async function forEachOf<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const worker = async () => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      await work(next.value).catch((error: unknown) => {
        failed = true
        throw error
      })
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
