// What has to hold of a package that was taken, found by other means than the code under test:
// Node's own gunzip, and a tar reader of a few lines.
import { gunzipSync } from 'node:zlib'

const decoder = new TextDecoder()
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

export function findFaults(bytes: Uint8Array): readonly string[] {
  const faults: string[] = []
  const tar = gunzipSync(bytes)
  for (const { name, type, link, content } of walk(tar)) {
    const segments = name.replace(/\/$/, '').split('/')
    if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
      faults.push(`path ${JSON.stringify(name)}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\0-\x1f\x7f]/.test(name + link)) faults.push(`text ${JSON.stringify([name, link])}`)
    if (!'012345670'.includes(type) && !name.startsWith('.')) faults.push(`type ${type}`)
    if (name === '.PKGINFO') faults.push(...faultsOfInfo(decoder.decode(content)))
  }
  return faults
}

function faultsOfInfo(info: string): string[] {
  const faults: string[] = []
  const fields = [...info.matchAll(/^([a-z_]+) = (.*)$/gm)]
  const last = (field: string) => fields.findLast(([, name]) => name === field)?.[2]?.trim() ?? ''
  for (const [, field = '', value = ''] of fields)
    if (field !== 'other' && field !== 'replaces_priority' && unprintable.test(value))
      faults.push(`${field} ${JSON.stringify(value)}`)
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(last('pkgname'))) faults.push('pkgname')
  if (!/^[0-9][0-9a-z._~-]*$/.test(last('pkgver'))) faults.push('pkgver')
  if (!/^[a-z0-9_]{1,32}$/.test(last('arch'))) faults.push('arch')
  if (last('pkgname').length + last('pkgver').length > 99) faults.push('length')
  return faults
}

interface Walked {
  name: string
  type: string
  link: string
  content: Uint8Array
}

/** Every entry, with the pax and GNU names that belong to it. */
function walk(tar: Uint8Array): Walked[] {
  const entries: Walked[] = []
  let next: { path?: string; linkpath?: string } = {}
  for (let at = 0; at + 512 <= tar.length; ) {
    const block = tar.subarray(at, at + 512)
    at += 512
    if (block.every((byte) => byte === 0)) continue
    const field = (start: number, end: number) =>
      decoder.decode(block.subarray(start, end)).replace(/\0.*$/s, '')
    const size = Number.parseInt(field(124, 136), 8) || 0
    const content = tar.subarray(at, at + size)
    at += Math.ceil(size / 512) * 512
    const type = String.fromCharCode(block[156] ?? 0)
    if (type === 'x') next = { ...next, ...readPax(decoder.decode(content)) }
    else if (type === 'L') next = { path: decoder.decode(content).replace(/\0.*$/s, ''), ...next }
    else if (type !== 'g') {
      const prefix = field(345, 500)
      const name = next.path ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100))
      entries.push({ name, type, link: next.linkpath ?? field(157, 257), content })
      next = {}
    }
  }
  return entries
}

function readPax(content: string): { path?: string; linkpath?: string } {
  const path = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content)?.[1]
  const linkpath = /(?:^|\n)\d+ linkpath=([^\n]*)\n/.exec(content)?.[1]
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkpath === undefined ? {} : { linkpath }),
  }
}
