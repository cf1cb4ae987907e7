// Reads a signed index for tests, by its own means: node:zlib and node:crypto, nothing of src/.
import { createVerify } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'

export interface IndexSignature {
  readonly algorithm: string
  readonly keyName: string
  readonly bytes: Uint8Array
}

export interface ReadIndex {
  readonly signatures: readonly IndexSignature[]
  readonly description: string
  /** One map of fields by letter per entry. */
  readonly entries: readonly Readonly<Record<string, string>>[]
  readonly text: string
  /** The member that the signatures cover. */
  readonly signed: Uint8Array
}

interface TarFile {
  readonly name: string
  readonly content: Uint8Array
}

/** Throws unless there are exactly two members. */
export function readIndex(bytes: Uint8Array): ReadIndex {
  const first = splitMember(bytes)
  const second = splitMember(first.rest)
  if (second.rest.length !== 0) throw new Error('more than two gzip members')
  const files = new Map(readTar(second.content).map((file) => [file.name, text(file.content)]))
  const index = files.get('APKINDEX') ?? ''
  return {
    signatures: readTar(first.content).map(signatureOf),
    description: files.get('DESCRIPTION') ?? '',
    entries: index.split('\n\n').filter(Boolean).map(fieldsOf),
    text: index,
    signed: first.rest,
  }
}

/** Whether one of the index's signatures is good for the key of that file name. */
export function verifies(index: ReadIndex, keyName: string, publicPem: string): boolean {
  const own = index.signatures.filter((signature) => signature.keyName === keyName)
  return own.length > 0 && own.every((signature) => isGood(signature, index.signed, publicPem))
}

function isGood({ algorithm, bytes }: IndexSignature, signed: Uint8Array, pem: string): boolean {
  const hash = { RSA: 'RSA-SHA1', RSA256: 'RSA-SHA256' }[algorithm]
  if (hash === undefined) return false
  return createVerify(hash).update(signed).verify(pem, bytes)
}

function splitMember(bytes: Uint8Array): { content: Uint8Array; rest: Uint8Array } {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[3] !== 0)
    throw new Error('no plain gzip member')
  const { buffer, engine } = inflateRawSync(bytes.subarray(10), { info: true }) as unknown as {
    buffer: Uint8Array
    engine: { bytesWritten: number }
  }
  return { content: buffer, rest: bytes.subarray(10 + engine.bytesWritten + 8) }
}

function readTar(bytes: Uint8Array): TarFile[] {
  const files: TarFile[] = []
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(bytes.subarray(at + 124, at + 135)), 8)
    const name = text(bytes.subarray(at, at + 100)).replace(/\0.*$/s, '')
    files.push({ name, content: bytes.subarray(at + 512, at + 512 + size) })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

function signatureOf({ name, content }: TarFile): IndexSignature {
  const [, algorithm = '', keyName = ''] = /^\.SIGN\.([^.]+)\.(.+)$/.exec(name) ?? []
  return { algorithm, keyName, bytes: content }
}

function fieldsOf(block: string): Record<string, string> {
  return Object.fromEntries(block.split('\n').map((line) => [line.slice(0, 1), line.slice(2)]))
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
