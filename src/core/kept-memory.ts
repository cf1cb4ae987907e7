// What an isolate has itself of what the data centre's cache keeps: small texts and files that were asked for of late,
// under the same names, so that most answers wait for no trip to the cache. Anybody may fill it: it is bounded.

/** Bytes of one. Most documents and index entries have less, and larger ones are worth the trip. */
export const SMALL_BYTES = 64 * 1024

/** Bytes of all: a sixteenth of what an isolate has. */
const ALL_BYTES = 8 * 1024 * 1024
/** What one takes beside its bytes, about. */
const ENTRY_BYTES = 500

export class KeptMemory {
  /** The one that was asked for longest ago first. */
  readonly #kept = new Map<string, Uint8Array>()
  #bytes = 0

  /** Nobody may change the bytes. */
  find(key: string): Uint8Array | undefined {
    const bytes = this.#kept.get(key)
    if (bytes === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, bytes)
    return bytes
  }

  /** @param bytes that are changed no more; none of a buffer that is longer than they are */
  note(key: string, bytes: Uint8Array): void {
    if (bytes.length > SMALL_BYTES || this.#kept.has(key)) return
    this.#kept.set(key, bytes)
    this.#bytes += bytes.length + ENTRY_BYTES
    for (const [oldest, { length }] of this.#kept) {
      if (this.#bytes <= ALL_BYTES) return
      this.#kept.delete(oldest)
      this.#bytes -= length + ENTRY_BYTES
    }
  }

  forget(): void {
    this.#kept.clear()
    this.#bytes = 0
  }
}
