// Builds Alpine packages (format v2) for tests, right ones and ones broken on purpose. Writes tar
// and gzip with node:zlib and node:crypto alone and shares no code with src/, so that a mistake
// there cannot hide itself here. Runs in Node and in workerd.
import { Buffer } from 'node:buffer'
import { createHash, createSign } from 'node:crypto'
import { crc32, deflateRawSync } from 'node:zlib'

/** One entry of the data segment. Without content, link, hardLink or directory: an empty file. */
export interface ApkFile {
  path: string
  content?: string | Uint8Array
  /** Target of a symbolic link. */
  link?: string
  hardLink?: string
  directory?: true
  mode?: number
  /** Replaces the checksum record: hex, or null for none. */
  checksum?: string | null
}

export interface ApkSignature {
  privateKeyPem: string
  /** File name of the public key, such as `me@example.org-1.rsa.pub`. */
  keyName: string
  algorithm?: 'RSA' | 'RSA256' | 'RSA512'
}

export interface GzipHeader {
  name?: string
  comment?: string
  extra?: Uint8Array
  headerCrc?: true
  mtime?: number
  os?: number
  level?: number
}

export interface ApkSpec {
  name?: string
  version?: string
  arch?: string
  files?: readonly ApkFile[]
  /** Fields of .PKGINFO by apk's key: replaces the default, null leaves it out, a list repeats it. */
  info?: Readonly<Record<string, string | readonly string[] | null>>
  /** Lines put at the end of .PKGINFO as they are (before datahash). */
  lines?: readonly string[]
  /** By name: `.post-install`. */
  scripts?: Readonly<Record<string, string | Uint8Array>>
  sign?: ApkSignature | readonly ApkSignature[]

  /** The whole text of .PKGINFO; `$DATAHASH` in it is replaced. */
  rawInfo?: string | Uint8Array
  /** The whole tar of the control or data segment, instead of what is built. */
  rawControl?: Uint8Array
  rawData?: Uint8Array
  /** Further entries (from tarEntry) at the end of the control segment. */
  controlEntries?: readonly Uint8Array[]
  omitInfo?: true
  omitDatahash?: true
  wrongDatahash?: true
  omitChecksums?: true
  wrongChecksums?: true
  /** Leaves out the directory entries that files need. */
  omitParents?: true
  endBlocksInSignature?: true
  endBlocksInControl?: true
  omitEndBlocks?: true
  /** Cuts the signature's or control's padding of the last entry. */
  unpaddedSignature?: true
  unpaddedControl?: true
  join?: 'signature-control' | 'control-data'
  split?: 'control' | 'data'
  dataFirst?: true
  omitData?: true
  trailing?: Uint8Array
  magic?: 'posix' | 'gnu' | 'v7'
  gzip?: GzipHeader
}

export interface BuiltApk {
  bytes: Uint8Array
  /** The gzip members as they stand in the file. */
  signature: Uint8Array
  control: Uint8Array
  data: Uint8Array
  /** What `C:` of an index must be. */
  identity: string
  /** Sum of regular file bytes, as the size field has it. */
  installedSize: number
  pkginfo: string
}

const encoder = new TextEncoder()
const encode = (text: string) => encoder.encode(text)
const asBytes = (value: string | Uint8Array) => (typeof value === 'string' ? encode(value) : value)
const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const digest = (algorithm: string, bytes: Uint8Array) =>
  createHash(algorithm).update(bytes).digest('hex')

/** The two zero blocks that end a tar archive. */
export const tarEnd: Uint8Array = new Uint8Array(1024)

export interface TarEntry {
  name: string
  content?: string | Uint8Array
  typeflag?: string
  linkName?: string
  mode?: number
  magic?: 'posix' | 'gnu' | 'v7'
  /** Records of a pax header written before the entry. */
  pax?: Readonly<Record<string, string>>
  /** Replaces the size field's text. */
  sizeField?: string
  /** Leaves the content without its padding. */
  unpadded?: true
  badChecksum?: true
}

/** One tar entry: pax header if asked for or needed, header, content, padding to 512 bytes. */
export function tarEntry(entry: TarEntry): Uint8Array {
  const content = asBytes(entry.content ?? '')
  const pax: Record<string, string> = { ...entry.pax }
  if (encode(entry.name).length > 100) pax.path = entry.name
  if (encode(entry.linkName ?? '').length > 100) pax.linkpath = entry.linkName ?? ''
  const parts: Uint8Array[] = []
  if (Object.keys(pax).length > 0) {
    const records = concat(Object.entries(pax).map(([key, value]) => encode(paxRecord(key, value))))
    parts.push(
      tarEntry({ name: 'PaxHeaders/entry', content: records, typeflag: 'x', magic: 'posix' }),
    )
  }
  parts.push(tarHeader(entry, content.length), content)
  if (!entry.unpadded) parts.push(new Uint8Array((512 - (content.length % 512)) % 512))
  return concat(parts)
}

function paxRecord(key: string, value: string): string {
  const rest = encode(` ${key}=${value}\n`).length
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length += 1
  return `${length} ${key}=${value}\n`
}

function tarHeader(entry: TarEntry, size: number): Uint8Array {
  const header = new Uint8Array(512)
  // Some archives here have 100,000 entries.
  const buffer = Buffer.from(header.buffer)
  const put = (offset: number, text: string) => buffer.write(text, offset, 'latin1')
  const magic = entry.magic ?? 'posix'
  const typeflag = entry.typeflag ?? '0'
  header.set(encode(entry.name).subarray(0, 100), 0)
  put(100, `${(entry.mode ?? 0o644).toString(8).padStart(7, '0')}\0`)
  put(108, '0000000\0')
  put(116, '0000000\0')
  put(124, entry.sizeField ?? `${size.toString(8).padStart(11, '0')}\0`)
  put(136, '00000000000\0')
  put(148, '        ')
  put(156, typeflag)
  header.set(encode(entry.linkName ?? '').subarray(0, 100), 157)
  if (magic !== 'v7') {
    put(257, magic === 'gnu' ? 'ustar  \0' : 'ustar\x0000')
    put(265, 'root')
    put(297, 'root')
  }
  let sum = entry.badChecksum ? 1 : 0
  for (const byte of header) sum += byte
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  return header
}

/** One gzip member, with the optional header fields. */
export function gzipMember(bytes: Uint8Array, header: GzipHeader = {}): Uint8Array {
  const flags =
    (header.headerCrc ? 2 : 0) |
    (header.extra ? 4 : 0) |
    (header.name === undefined ? 0 : 8) |
    (header.comment === undefined ? 0 : 16)
  const start = new Uint8Array([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, header.os ?? 255])
  new DataView(start.buffer).setUint32(4, header.mtime ?? 0, true)
  const fields: Uint8Array[] = [start]
  if (header.extra) fields.push(little(header.extra.length, 2), header.extra)
  if (header.name !== undefined) fields.push(encode(`${header.name}\0`))
  if (header.comment !== undefined) fields.push(encode(`${header.comment}\0`))
  if (header.headerCrc) fields.push(little(crc32(concat(fields)) & 0xffff, 2))
  return concat([
    ...fields,
    deflateRawSync(bytes, { level: header.level ?? 9 }),
    little(crc32(bytes), 4),
    little(bytes.length % 2 ** 32, 4),
  ])
}

function little(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256)
}

/** A package's bytes; see buildApkParts for what else can be known of it. */
export function buildApk(spec: ApkSpec = {}): Uint8Array {
  return buildApkParts(spec).bytes
}

export function buildApkParts(spec: ApkSpec = {}): BuiltApk {
  const files = spec.files ?? [{ path: 'usr/bin/hello', content: '#!/bin/sh\necho hello\n' }]
  const installedSize = files.reduce((sum, file) => sum + asBytes(file.content ?? '').length, 0)
  const dataTar = spec.rawData ?? buildDataTar(files, spec)
  const data = pack(dataTar, spec, spec.split === 'data')
  const datahash = digest('sha256', spec.wrongDatahash ? encode('other') : data)
  const pkginfo = buildInfo(spec, installedSize, datahash)
  const controlTar = spec.rawControl ?? buildControlTar(pkginfo, spec)
  const control = pack(controlTar, spec, spec.split === 'control')
  const signatureTar = buildSignatureTar(control, spec)
  const signature = signatureTar.length > 0 ? pack(signatureTar, spec, false) : signatureTar
  const bytes = joinMembers(
    { signature, control, data },
    { signatureTar, controlTar, dataTar },
    spec,
  )
  return {
    bytes,
    signature,
    control,
    data,
    identity: `Q1${createHash('sha1').update(control).digest('base64')}`,
    installedSize,
    pkginfo: new TextDecoder().decode(pkginfo),
  }
}

function joinMembers(
  members: { signature: Uint8Array; control: Uint8Array; data: Uint8Array },
  tars: { signatureTar: Uint8Array; controlTar: Uint8Array; dataTar: Uint8Array },
  spec: ApkSpec,
): Uint8Array {
  const trailing = spec.trailing ?? new Uint8Array(0)
  const data = spec.omitData ? new Uint8Array(0) : members.data
  if (spec.join === 'signature-control') {
    const joined = gzipMember(concat([tars.signatureTar, tars.controlTar]), spec.gzip)
    return concat([joined, data, trailing])
  }
  if (spec.join === 'control-data') {
    const joined = gzipMember(concat([tars.controlTar, tars.dataTar]), spec.gzip)
    return concat([members.signature, joined, trailing])
  }
  if (spec.dataFirst) return concat([members.signature, data, members.control, trailing])
  return concat([members.signature, members.control, data, trailing])
}

function pack(tar: Uint8Array, spec: ApkSpec, split: boolean): Uint8Array {
  if (!split) return gzipMember(tar, spec.gzip)
  return concat([
    gzipMember(tar.subarray(0, 512), spec.gzip),
    gzipMember(tar.subarray(512), spec.gzip),
  ])
}

function buildSignatureTar(control: Uint8Array, spec: ApkSpec): Uint8Array {
  const signers = spec.sign === undefined ? [] : [spec.sign].flat()
  const entries = signers.map(({ privateKeyPem, keyName, algorithm = 'RSA256' }, index) => {
    const hash = { RSA: 'RSA-SHA1', RSA256: 'RSA-SHA256', RSA512: 'RSA-SHA512' }[algorithm]
    const signature = createSign(hash).update(control).sign(privateKeyPem)
    const last = index === signers.length - 1
    return tarEntry({
      name: `.SIGN.${algorithm}.${keyName}`,
      content: new Uint8Array(signature),
      ...(spec.magic ? { magic: spec.magic } : {}),
      ...(spec.unpaddedSignature && last ? { unpadded: true } : {}),
    })
  })
  if (spec.endBlocksInSignature) entries.push(tarEnd)
  return concat(entries)
}

function buildControlTar(pkginfo: Uint8Array, spec: ApkSpec): Uint8Array {
  const magic = spec.magic ? { magic: spec.magic } : {}
  const scripts = Object.entries(spec.scripts ?? {}).map(([name, content]) =>
    tarEntry({ name, content, mode: 0o755, ...magic }),
  )
  const unpadded = spec.unpaddedControl ? { unpadded: true as const } : {}
  const info = tarEntry({ name: '.PKGINFO', content: pkginfo, ...magic, ...unpadded })
  return concat([
    ...scripts,
    ...(spec.controlEntries ?? []),
    ...(spec.omitInfo ? [] : [info]),
    ...(spec.endBlocksInControl ? [tarEnd] : []),
  ])
}

function buildInfo(spec: ApkSpec, installedSize: number, datahash: string): Uint8Array {
  if (spec.rawInfo instanceof Uint8Array) return spec.rawInfo
  if (spec.rawInfo !== undefined) return encode(spec.rawInfo.replaceAll('$DATAHASH', datahash))
  const fields: Record<string, string | readonly string[] | null> = {
    pkgname: spec.name ?? 'hello',
    pkgver: spec.version ?? '1.0-r0',
    pkgdesc: 'A greeting',
    url: 'https://example.org/hello',
    builddate: '1700000000',
    packager: 'Someone <someone@example.org>',
    size: String(installedSize),
    arch: spec.arch ?? 'x86_64',
    origin: spec.name ?? 'hello',
    maintainer: 'Someone <someone@example.org>',
    license: 'MIT',
    ...spec.info,
  }
  if (!spec.omitDatahash) fields.datahash = spec.info?.datahash ?? datahash
  const lines = ['# Generated by a test']
  for (const [key, value] of Object.entries(fields)) {
    if (key === 'datahash') lines.push(...(spec.lines ?? []))
    for (const item of value === null ? [] : [value].flat()) lines.push(`${key} = ${item}`)
  }
  if (spec.omitDatahash) lines.push(...(spec.lines ?? []))
  return encode(`${lines.join('\n')}\n`)
}

function buildDataTar(files: readonly ApkFile[], spec: ApkSpec): Uint8Array {
  const magic = spec.magic ? { magic: spec.magic } : {}
  const made = new Set<string>()
  const entries: Uint8Array[] = []
  for (const file of files) {
    const segments = file.path.split('/')
    for (let depth = 1; depth < segments.length && !spec.omitParents; depth += 1) {
      const parent = segments.slice(0, depth).join('/')
      if (made.has(parent) || parent === '') continue
      made.add(parent)
      entries.push(tarEntry({ name: `${parent}/`, typeflag: '5', mode: 0o755, ...magic }))
    }
    if (file.directory) made.add(file.path)
    entries.push(tarEntry({ ...fileEntry(file, spec), ...magic }))
  }
  if (!spec.omitEndBlocks) entries.push(tarEnd)
  return concat(entries)
}

function fileEntry(file: ApkFile, spec: ApkSpec): TarEntry {
  if (file.directory) return { name: `${file.path}/`, typeflag: '5', mode: file.mode ?? 0o755 }
  if (file.hardLink !== undefined)
    return { name: file.path, typeflag: '1', linkName: file.hardLink, mode: file.mode ?? 0o644 }
  const content = asBytes(file.content ?? '')
  const hashed = spec.wrongChecksums ? encode('other') : asBytes(file.link ?? content)
  const checksum = file.checksum === undefined ? digest('sha1', hashed) : file.checksum
  const pax =
    spec.omitChecksums || checksum === null ? {} : { pax: { 'APK-TOOLS.checksum.SHA1': checksum } }
  if (file.link !== undefined)
    return { name: file.path, typeflag: '2', linkName: file.link, mode: 0o777, ...pax }
  return { name: file.path, content, mode: file.mode ?? 0o755, ...pax }
}
