// Reads one gzip member at a time and finds its end to the byte (RFC 1952). node:zlib unpacks. This
// module reads header, CRC-32 and size: zlib's own gunzip joins members and skips padding, so it
// cannot tell where one ends. Refuses bad checksums, long headers and members that unpack past a limit.
import { crc32, createInflateRaw, type InflateRaw, inflateRawSync } from 'node:zlib'
import { type ByteReader, concatBytes } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

export interface GzipMemberOptions {
  /** How messages name the member: `the control segment`. */
  readonly what: string
  /** Bytes that the member may unpack to. */
  readonly maxUnpacked: number
  /** Bytes that the member itself may have. */
  readonly maxCompressed?: number
  /** Receives the member's compressed bytes, each once, from the header to the trailer. */
  readonly onCompressed?: (bytes: Uint8Array) => void
}

const maxHeader = 128 * 1024
/** A member of so few bytes, which unpacks to so few, is unpacked in one call: a stream would cost more. */
const smallMember = 16 * 1024
const smallUnpacked = 64 * 1024
const flags = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 }

/** Whether bytes begin as a gzip member does. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b
}

/**
 * Unpacks the member at the reader's position and leaves the reader right behind it. It holds a few
 * chunks in memory, whatever the member holds. A consumer that stops early releases everything.
 * @throws FormatError `malformed` (no gzip), `truncated`, `corrupt` or `too-large`
 */
export async function* readGzipMember(
  reader: ByteReader,
  options: GzipMemberOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { what, maxUnpacked } = options
  const count = countCompressed(options)
  count(await readHeader(reader, what))
  let crc = 0
  let unpacked = 0
  for await (const chunk of inflateMember(reader, what, count)) {
    unpacked += chunk.length
    if (unpacked > maxUnpacked) {
      throw new FormatError(
        'too-large',
        `${what} unpacks to more than ${maxUnpacked} bytes: split it`,
      )
    }
    crc = crc32(chunk, crc)
    yield chunk
  }
  const trailer = await reader.readExactly(8, `the gzip trailer of ${what}`)
  count(trailer)
  const expected = new DataView(trailer.buffer, trailer.byteOffset, 8)
  if (expected.getUint32(0, true) !== crc || expected.getUint32(4, true) !== unpacked >>> 0) {
    throw new FormatError(
      'corrupt',
      `${what} does not match its gzip checksum: the file was damaged on its way, send it again`,
    )
  }
}

function countCompressed({ what, maxCompressed, onCompressed }: GzipMemberOptions) {
  let compressed = 0
  return (bytes: Uint8Array): void => {
    compressed += bytes.length
    if (maxCompressed !== undefined && compressed > maxCompressed) {
      throw new FormatError(
        'too-large',
        `${what} is larger than ${maxCompressed} bytes: shorten it`,
      )
    }
    onCompressed?.(bytes)
  }
}

async function readHeader(reader: ByteReader, what: string): Promise<Uint8Array> {
  const where = `the gzip header of ${what}`
  const fixed = await reader.readUpTo(10)
  if (!isGzip(fixed)) {
    throw new FormatError(
      'malformed',
      `${what} does not begin with a gzip header (1f 8b): compress it with gzip`,
    )
  }
  if (fixed.length < 10)
    throw new FormatError('truncated', `the input ends inside ${where}: send it whole`)
  const flag = fixed[3] ?? 0
  if (fixed[2] !== 8 || (flag & flags.reserved) !== 0) {
    throw new FormatError(
      'malformed',
      `${where} has an unknown method or unknown flags: write it with gzip`,
    )
  }
  const parts = [fixed]
  if (flag & flags.extra) {
    const size = await reader.readExactly(2, where)
    const length = (size[0] ?? 0) + 256 * (size[1] ?? 0)
    parts.push(size, await reader.readExactly(length, where))
  }
  if (flag & flags.name) parts.push(await readZeroEnded(reader, where))
  if (flag & flags.comment) parts.push(await readZeroEnded(reader, where))
  const header = concatBytes(parts)
  if (!(flag & flags.headerCrc)) return header
  const check = await reader.readExactly(2, where)
  if ((check[0] ?? 0) + 256 * (check[1] ?? 0) !== (crc32(header) & 0xffff)) {
    throw new FormatError('corrupt', `${where} does not match its own checksum: send it again`)
  }
  return concatBytes([header, check])
}

async function readZeroEnded(reader: ByteReader, where: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const chunk = await reader.readSome()
    if (chunk === undefined) {
      throw new FormatError('truncated', `the input ends inside ${where}: send it whole`)
    }
    const zero = chunk.indexOf(0)
    const part = zero < 0 ? chunk : chunk.subarray(0, zero + 1)
    parts.push(part)
    length += part.length
    if (length > maxHeader) {
      throw new FormatError(
        'too-large',
        `${where} is larger than ${maxHeader} bytes: leave out its comment`,
      )
    }
    if (zero < 0) continue
    reader.unread(chunk.subarray(zero + 1))
    return concatBytes(parts)
  }
}

/** Unpacks up to the end of the deflate data and leaves the reader there. */
async function* inflateMember(
  reader: ByteReader,
  what: string,
  count: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunk = await reader.readSome()
  const whole = chunk && inflateAtOnce(chunk)
  if (chunk === undefined || whole === undefined) {
    if (chunk !== undefined) reader.unread(chunk)
    yield* inflateStream(reader, what, count)
    return
  }
  reader.unread(chunk.subarray(whole.used))
  count(chunk.subarray(0, whole.used))
  yield whole.unpacked
}

/** Unpacks a member that is whole in the chunk, sound and small. Undefined for others: inflateStream reads these. */
function inflateAtOnce(
  chunk: Uint8Array,
): { readonly unpacked: Uint8Array; readonly used: number } | undefined {
  if (chunk.length > smallMember) return undefined
  try {
    const result: unknown = inflateRawSync(chunk, { info: true, maxOutputLength: smallUnpacked })
    // With `info` zlib returns an object instead of the bytes, which its types do not say.
    const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } }
    return { unpacked: buffer, used: engine.bytesWritten }
  } catch {
    return undefined
  }
}

/**
 * Feeds the inflater one chunk at a time, and the next one only when that chunk is used up. So the
 * unused bytes at the end are the tail of the last chunk, and the reader takes them back.
 */
async function* inflateStream(
  reader: ByteReader,
  what: string,
  count: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inflater = createInflateRaw({ chunkSize: 64 * 1024 })
  const state = watch(inflater)
  let last: Uint8Array | undefined
  let fed = 0
  try {
    while (!state.ended) {
      const unpacked: Uint8Array | null = inflater.read()
      if (unpacked !== null) {
        yield unpacked
        continue
      }
      if (state.failure !== undefined) throw inflateError(state, what)
      if (state.busy) {
        await state.change()
        continue
      }
      // Bytes that the inflater left unused lie behind the member. Some runtimes show the member's end
      // only by this count, others by the event `end`.
      if (inflater.bytesWritten < fed) break
      if (last !== undefined) count(last)
      last = await reader.readSome()
      fed += last?.length ?? 0
      state.feed(last)
    }
    const rest = fed - inflater.bytesWritten
    const tail = last ?? new Uint8Array(0)
    count(tail.subarray(0, tail.length - rest))
    reader.unread(tail.subarray(tail.length - rest))
  } finally {
    inflater.destroy()
  }
}

/** Turns the inflater's events into a state, and a promise for the state's next change. */
function watch(inflater: InflateRaw) {
  let signal = Promise.withResolvers<void>()
  const state = {
    ended: false,
    busy: false,
    /** Whether the input has ended. A failure from then on means that input is missing. */
    starved: false,
    failure: undefined as Error | undefined,
    async change(): Promise<void> {
      await signal.promise
      signal = Promise.withResolvers<void>()
    },
    feed(chunk: Uint8Array | undefined): void {
      state.busy = true
      if (chunk === undefined) {
        state.starved = true
        inflater.end()
        return
      }
      inflater.write(chunk, () => {
        state.busy = false
        signal.resolve()
      })
    },
  }
  inflater.on('readable', () => signal.resolve())
  inflater.on('end', () => {
    state.ended = true
    signal.resolve()
  })
  inflater.on('error', (error: Error) => {
    state.failure = error
    signal.resolve()
  })
  return state
}

function inflateError(state: { starved: boolean; failure: Error | undefined }, what: string) {
  if (state.starved) {
    return new FormatError(
      'truncated',
      `the input ends inside ${what}: it was not sent whole, send it again`,
    )
  }
  return new FormatError(
    'corrupt',
    `${what} is not valid gzip data: it was damaged on its way, send it again`,
    {
      cause: state.failure,
    },
  )
}
