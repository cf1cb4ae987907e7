// What `cargo publish` sends: the length of a JSON, the JSON, the length of the crate, the crate. Lengths are
// 32 bits, little-endian (crates/crates-io/lib.rs of cargo). The JSON is taken whole, the crate passed on.
import { ByteReader, type ByteSource } from '../../../formats/bytes.ts'
import { FormatError } from '../../../formats/format-error.ts'

/** Bytes of the JSON, of which a README is the greater part; as in the public Rust registry. */
export const MAX_METADATA = 1024 * 1024

const SEND = 'publish with cargo, or send a length of 32 bits before each part'

/**
 * The bytes of the crate. They end when the body ends where both lengths say.
 * @param takeMetadata gets the JSON before the first byte of the crate is read; what it throws ends the reading
 * @param takeLength gets the bytes of the crate before one of them is read, likewise
 * @throws FormatError `truncated`, `too-large` before memory is taken, `malformed` for bytes behind the crate
 */
export async function* readPublishBody(
  source: ByteSource,
  takeMetadata: (json: Uint8Array) => void,
  takeLength: (length: number) => Promise<void> = async () => {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new ByteReader(source)
  try {
    const metadata = await readLength(reader, 'the JSON')
    if (metadata > MAX_METADATA) {
      const reason = `the first four bytes say that the JSON has ${metadata} bytes, and ${MAX_METADATA} are allowed`
      throw new FormatError('too-large', `${reason}: shorten the README, or ${SEND}`)
    }
    takeMetadata(await readPart(reader, metadata, 'the JSON'))
    const length = await readLength(reader, 'the crate')
    await takeLength(length)
    yield* readCrate(reader, length)
    await refuseTrailing(reader, length)
  } finally {
    await reader.close()
  }
}

async function readLength(reader: ByteReader, what: string): Promise<number> {
  const bytes = await readPart(reader, 4, `the length of ${what}`)
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
}

async function readPart(reader: ByteReader, length: number, what: string): Promise<Uint8Array> {
  const bytes = await reader.readUpTo(length)
  if (bytes.length === length) return bytes
  const reason = `the body ends inside ${what}, after ${bytes.length} of ${length} bytes`
  throw new FormatError('truncated', `${reason}: ${SEND}`)
}

async function* readCrate(reader: ByteReader, length: number): AsyncGenerator<Uint8Array> {
  let missing = length
  while (missing > 0) {
    const chunk = await reader.readSome()
    if (chunk === undefined) {
      const reason = `the body ends inside the crate, after ${length - missing} of ${length} bytes`
      throw new FormatError('truncated', `${reason}: send it whole`)
    }
    const part = chunk.subarray(0, missing)
    reader.unread(chunk.subarray(part.length))
    missing -= part.length
    yield part
  }
}

async function refuseTrailing(reader: ByteReader, length: number): Promise<void> {
  if (await reader.atEnd()) return
  const reason = `the body goes on after the ${length} bytes that the crate has by its length`
  throw new FormatError('malformed', `${reason}: send nothing behind the crate`)
}
