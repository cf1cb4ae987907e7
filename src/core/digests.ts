// The digests of a content, all taken in one pass: SHA-256 names it here, the others are what
// Forgejo's API reports.
import { createHash } from 'node:crypto'

export interface Digests {
  readonly md5: string
  readonly sha1: string
  readonly sha256: string
  readonly sha512: string
}

export class DigestPump {
  readonly #md5 = createHash('md5')
  readonly #sha1 = createHash('sha1')
  readonly #sha256 = createHash('sha256')
  readonly #sha512 = createHash('sha512')

  update(chunk: Uint8Array): void {
    this.#md5.update(chunk)
    this.#sha1.update(chunk)
    this.#sha256.update(chunk)
    this.#sha512.update(chunk)
  }

  /** Lower-case hex. Ends the pump. */
  digests(): Digests {
    return {
      md5: this.#md5.digest('hex'),
      sha1: this.#sha1.digest('hex'),
      sha256: this.#sha256.digest('hex'),
      sha512: this.#sha512.digest('hex'),
    }
  }
}

/** SHA-256 of a text or bytes, lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
