// What an index calls a package's `C:`: the SHA-1 of its control segment as it lies in the file.
// Found by means of its own, so that a mistake in src/ cannot hide itself in a test.
import { createHash } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'

/** Of a package whose members have plain gzip headers, as this project's builder writes them. */
export function packageIdentity(bytes: Uint8Array): string {
  const first = memberLength(bytes)
  const control = startsWithSignature(bytes) ? bytes.subarray(first) : bytes
  const member = control.subarray(0, memberLength(control))
  return `Q1${createHash('sha1').update(member).digest('base64')}`
}

function memberLength(bytes: Uint8Array): number {
  const { engine } = inflate(bytes)
  return 10 + engine.bytesWritten + 8
}

function startsWithSignature(bytes: Uint8Array): boolean {
  const name = new TextDecoder().decode(inflate(bytes).buffer.subarray(0, 6))
  return name === '.SIGN.'
}

function inflate(bytes: Uint8Array): { buffer: Uint8Array; engine: { bytesWritten: number } } {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[3] !== 0) throw new Error('no gzip member')
  // Node's types leave out what `info` does.
  return inflateRawSync(bytes.subarray(10), { info: true }) as unknown as ReturnType<typeof inflate>
}
