// What has to hold of a package that was taken, found by other means than the code under test:
// Node's own gunzip, and a tar reader of a few lines.
import { gunzipSync } from 'node:zlib'

const decoder = new TextDecoder()
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

export function findFaults(bytes: Uint8Array): readonly string[] {
  const faults: string[] = []
  const tar = gunzipSync(bytes)
  const { entries, ambiguous } = walk(tar)
  faults.push(...ambiguous)
  for (const { name, type, link, content } of entries) {
    const segments = name.replace(/\/$/, '').split('/')
    if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
      faults.push(`path ${JSON.stringify(name)}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\0-\x1f\x7f]/.test(name + link)) faults.push(`text ${JSON.stringify([name, link])}`)
    if (!'01234567'.includes(type)) faults.push(`type ${type}`)
    // Others read entries there, which nobody has checked.
    if (!'07'.includes(type) && content.length > 0) faults.push(`content of ${name}`)
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

/** Every entry, with the pax and GNU names that belong to it, and what says two things of one. */
function walk(tar: Uint8Array): { entries: Walked[]; ambiguous: string[] } {
  const entries: Walked[] = []
  const ambiguous: string[] = []
  let next: { path?: string; linkpath?: string } = {}
  let long: string | undefined
  let longLink: string | undefined
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
    else if (type === 'L') long = decoder.decode(content).replace(/\0.*$/s, '')
    else if (type === 'K') longLink = decoder.decode(content).replace(/\0.*$/s, '')
    else if (type === 'g') {
      const other = /^(?!\d+ comment=).+$/m.exec(decoder.decode(content))?.[0]
      if (other !== undefined) ambiguous.push(`global header ${JSON.stringify(other)}`)
    } else {
      const prefix = field(345, 500)
      const name = next.path ?? long ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100))
      if (long !== undefined && long !== name) ambiguous.push(`names of ${JSON.stringify(name)}`)
      const link = next.linkpath ?? longLink ?? field(157, 257)
      if (longLink !== undefined && longLink !== link) ambiguous.push(`targets of ${name}`)
      const hasLink = next.linkpath !== undefined || longLink !== undefined
      if (hasLink && !'12'.includes(type)) ambiguous.push(`target of ${name}`)
      entries.push({ name, type, link, content })
      next = {}
      long = undefined
      longLink = undefined
    }
  }
  return { entries, ambiguous }
}

function readPax(content: string): { path?: string; linkpath?: string } {
  const path = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content)?.[1]
  const linkpath = /(?:^|\n)\d+ linkpath=([^\n]*)\n/.exec(content)?.[1]
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkpath === undefined ? {} : { linkpath }),
  }
}
