// Whether the signatures of an index hold, told while its bytes pass by: none of them is kept.
import { createVerify, type Verify } from 'node:crypto'
import type { FoundSignature } from './index-archive.ts'

export interface VerifyingKey {
  /** In /etc/apk/keys, as signatures name it. */
  readonly fileName: string
  readonly publicPem: string
}

const HASHES = { RSA: 'RSA-SHA1', RSA256: 'RSA-SHA256' } as const

export class IndexVerification {
  readonly #keys: readonly VerifyingKey[]
  /** One for each key and digest: a verifier gives one verdict. */
  readonly #running: readonly {
    readonly key: VerifyingKey
    readonly algorithm: string
    verify: Verify
  }[]
  #signatures: readonly FoundSignature[] = []

  constructor(keys: readonly VerifyingKey[]) {
    this.#keys = keys
    this.#running = keys.flatMap((key) =>
      Object.entries(HASHES).map(([algorithm, hash]) => ({
        key,
        algorithm,
        verify: createVerify(hash),
      })),
    )
  }

  /** What the file is signed with. */
  begin(signatures: readonly FoundSignature[]): void {
    this.#signatures = signatures
  }

  /** The next of the bytes that the signatures cover. */
  update(bytes: Uint8Array): void {
    for (const { verify } of this.#running) verify.update(bytes)
  }

  /** Says what is wrong unless every key signed with both digests, and no other key. Call it once, after the last byte. */
  findProblems(): string[] {
    const problems: string[] = []
    for (const { key, algorithm, verify } of this.#running) {
      const { fileName, publicPem } = key
      const found = this.#signatures.find(
        (each) => each.keyName === fileName && each.algorithm === algorithm,
      )
      if (found === undefined) problems.push(`bad signature: none of ${algorithm} by ${fileName}`)
      else if (!verify.verify(publicPem, found.signature)) {
        problems.push(`bad signature: that of ${algorithm} by ${fileName} does not hold`)
      }
    }
    const known = new Set(this.#keys.map(({ fileName }) => fileName))
    const strangers = this.#signatures.filter(({ keyName }) => !known.has(keyName))
    return [...problems, ...strangers.map((s) => `bad signature: by ${s.keyName}, no current key`)]
  }
}
