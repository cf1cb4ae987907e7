// What cargo would unpack of a crate, and what stands against it: a tar reader of a few lines that goes by
// the tar crate (which of an entry's names counts, which magic has a prefix), written apart from src/.
import { gunzipSync } from 'node:zlib'

export interface Unpacked {
  /** Paths as the tar crate reads them, with contents, in their order. */
  readonly entries: readonly { readonly path: string; readonly content: string }[]
  /** Why cargo would refuse to unpack it. */
  readonly faults: readonly string[]
}

const decoder = new TextDecoder()
const text = (bytes: Uint8Array) => decoder.decode(bytes)
const untilZero = (bytes: Uint8Array) => text(bytes).replace(/\0.*$/s, '')

export function unpack(crate: Uint8Array, folder: string): Unpacked {
  const tar = gunzipSync(crate)
  const entries: { path: string; content: string }[] = []
  const faults: string[] = []
  let pax = new Map<string, string>()
  let long: string | undefined
  let described = false
  for (let at = 0; at + 512 <= tar.length; ) {
    const block = tar.subarray(at, at + 512)
    at += 512
    if (block.every((byte) => byte === 0)) continue
    const type = text(block.subarray(156, 157))
    const extension = 'xLK'.includes(type)
    const size = Number((extension ? undefined : pax.get('size')) ?? sizeOf(block))
    const content = tar.subarray(at, at + size)
    at += Math.ceil(size / 512) * 512
    described = extension
    if (type === 'x') pax = paxOf(text(content))
    else if (type === 'L') long = text(content).replace(/\0$/, '')
    else if (type !== 'K') {
      const path = long ?? pax.get('path') ?? headerPath(block)
      faults.push(...faultsOf(path, type, folder))
      entries.push({ path, content: text(content) })
      pax = new Map()
      long = undefined
    }
  }
  if (described) faults.push('a header that describes no entry')
  return { entries, faults }
}

function sizeOf(block: Uint8Array): number {
  const field = block.subarray(124, 136)
  if ((field[0] ?? 0) < 0x80) return Number.parseInt(untilZero(field), 8) || 0
  return field.subarray(4).reduce((sum, byte) => sum * 256 + byte, 0)
}

function headerPath(block: Uint8Array): string {
  const name = untilZero(block.subarray(0, 100))
  const prefix = untilZero(block.subarray(345, 500))
  const ustar = text(block.subarray(257, 265)) === 'ustar\x0000'
  return ustar && prefix !== '' ? `${prefix}/${name}` : name
}

function paxOf(content: string): Map<string, string> {
  const records = [...content.matchAll(/^\d+ ([^=\n]+)=(.*)$/gm)]
  return new Map(records.map(([, key = '', value = '']) => [key, value]))
}

function faultsOf(path: string, type: string, folder: string): string[] {
  const faults: string[] = []
  const say = (what: string) => faults.push(`${what}: ${JSON.stringify(path)}`)
  if (!['0', '\0', '5'].includes(type)) say(`type ${JSON.stringify(type)}`)
  const [first, ...rest] = path.replace(/\/$/, '').split('/')
  if (first !== folder) say('outside')
  if (rest.some((part) => part === '' || part === '.' || part === '..')) say('unsafe')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x1f\x7f\\]/.test(path)) say('unprintable')
  return faults
}
