// .PKGINFO, the metadata in a package's control segment, by the very reading rules of `apk index`
// (apk-tools src/package.c): what is listed must equal what apk would list. Refuses values that an
// index cannot carry, or that would harm clients once listed.
import { decodeUtf8 } from '../../../formats/bytes.ts'
import { FormatError, findUnprintable } from '../../../formats/format-error.ts'
import { checkLists } from './apk-database.ts'
import { checkContradictions } from './contradictions.ts'
import { splitDependencies, splitProvides } from './dependency.ts'
import { checkNameAndVersion, parseArchitecture, parsePackageName } from './name.ts'
import type { PackageInfo } from './package-info.ts'
import { parseVersion } from './version.ts'

export interface PackageInfoLimits {
  /** Bytes of a line, newline included: of .PKGINFO and of the index that it leads to. */
  readonly maxLine: number
}

/** apk reads lines through a buffer of 128 KiB: a longer one ends its reading, or the index. */
export const packageInfoLimits: PackageInfoLimits = { maxLine: 128 * 1024 }

const singleFields = [
  'pkgname',
  'pkgver',
  'pkgdesc',
  'url',
  'license',
  'arch',
  'size',
  'builddate',
  'origin',
  'maintainer',
  'packager',
  'commit',
  'provider_priority',
  'replaces_priority',
  'datahash',
] as const
const listFields = ['depend', 'provides', 'install_if', 'replaces', 'triggers'] as const

type SingleField = (typeof singleFields)[number]
type ListField = (typeof listFields)[number]

/**
 * @param bytes the file's content, bounded by the caller
 * @param today unix seconds, for what a message proposes when the package has no build date
 * @throws FormatError `invalid-field` with apk's name of the field, or `too-large`
 */
export function parsePackageInfo(
  bytes: Uint8Array,
  limits: PackageInfoLimits = packageInfoLimits,
  today?: number,
): PackageInfo {
  const fields = readFields(bytes, limits)
  const single = (field: SingleField) => fields.get(field)?.at(-1) ?? ''
  // Repeated lines add up, and one line may hold several items.
  const list = (field: ListField) => fields.get(field)?.join(' ') ?? ''
  const buildTime = parseBuildTime(single('builddate'))
  const name = parsePackageName(requireField('pkgname', single('pkgname')))
  const version = parseVersion(requireField('pkgver', single('pkgver')), buildTime || today)
  checkNameAndVersion(name, version)
  const origin = single('origin')
  const maintainer = single('maintainer')
  const packager = single('packager')
  const commit = single('commit')
  const providerPriority = parsePriority('provider_priority', single('provider_priority'))
  // apk reads it from the package itself.
  parsePriority('replaces_priority', single('replaces_priority'))
  const info = {
    name,
    version,
    architecture: parseArchitecture(requireField('arch', single('arch'))),
    description: single('pkgdesc'),
    url: single('url'),
    license: single('license'),
    installedSize: parseNumber('size', single('size')),
    ...(buildTime > 0 ? { buildTime } : {}),
    ...(origin === '' ? {} : { origin }),
    ...(maintainer === '' ? {} : { maintainer }),
    ...(packager === '' ? {} : { packager }),
    ...(commit === '' ? {} : { commit }),
    ...(providerPriority > 0 ? { providerPriority } : {}),
    depends: splitDependencies(list('depend'), 'depend'),
    provides: splitProvides(list('provides')),
    installIf: splitDependencies(list('install_if'), 'install_if'),
    replaces: splitItems(list('replaces')),
    triggers: splitItems(list('triggers')),
    dataHash: parseDataHash(single('datahash')),
  }
  checkIndexLines(info, limits)
  checkLists(info)
  checkContradictions(info)
  return info
}

/** Known fields and their values, in order. Other lines, such as comments, mean nothing to apk. */
function readFields(
  bytes: Uint8Array,
  { maxLine }: PackageInfoLimits,
): Map<SingleField | ListField, string[]> {
  const fields = new Map<SingleField | ListField, string[]>()
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start)
    const end = newline < 0 ? bytes.length : newline
    if (end - start >= maxLine) {
      const message = `.PKGINFO has a line of more than ${maxLine} bytes, after which apk stops`
      throw new FormatError('too-large', `${message} reading: shorten it or break it up`)
    }
    const line = bytes.subarray(start, end)
    start = end + 1
    const separator = findSeparator(line)
    if (separator < 0) continue
    const field = knownField(decodeUtf8(line.subarray(0, separator)))
    if (field === undefined) continue
    const value = parseText(field, line.subarray(separator + 3))
    const values = fields.get(field)
    if (values === undefined) fields.set(field, [value])
    else values.push(value)
  }
  return fields
}

/** Where ` = ` stands: apk knows no other separator, so that `pkgname=x` is no field. */
function findSeparator(line: Uint8Array): number {
  for (let at = line.indexOf(0x3d); at >= 0; at = line.indexOf(0x3d, at + 1)) {
    if (line[at - 1] === 0x20 && line[at + 1] === 0x20) return at - 1
  }
  return -1
}

const knownFields: ReadonlyMap<string, SingleField | ListField> = new Map(
  [...singleFields, ...listFields].map((field) => [field, field]),
)

function knownField(key: string | undefined): SingleField | ListField | undefined {
  return key === undefined ? undefined : knownFields.get(key)
}

/** The value without spaces around it, which apk would keep to no one's use. */
function parseText(field: string, bytes: Uint8Array): string {
  const text = decodeUtf8(bytes)
  if (text === undefined) {
    throw invalid(field, 'is not UTF-8: save the package description in UTF-8')
  }
  if (text.endsWith('\r')) {
    throw invalid(field, 'ends in a carriage return: write .PKGINFO with LF line ends, not CR LF')
  }
  const unprintable = findUnprintable(text)
  if (unprintable !== undefined) {
    throw invalid(field, `holds the control character ${unprintable}, which apk prints: remove it`)
  }
  return trimSpaces(text)
}

/** By hand: a pattern for spaces at the end looks at every run of spaces again and again. */
function trimSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (text[start] === ' ') start += 1
  while (end > start && text[end - 1] === ' ') end -= 1
  return text.slice(start, end)
}

function requireField(field: SingleField, value: string): string {
  if (value !== '') return value
  const remedy =
    field === 'arch' ? 'name the architecture that it runs on, or noarch' : 'apk cannot list it'
  throw invalid(field, `is missing (a line "${field} = …"): ${remedy}`)
}

function parseDataHash(value: string): string {
  if (value === '') {
    throw invalid(
      'datahash',
      'is missing: apk 3 refuses such a package; build it with a newer tool',
    )
  }
  if (/^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase()
  throw invalid(
    'datahash',
    'is not a SHA-256 of 64 hex digits: build the package with abuild, melange or nfpm',
  )
}

/** 0 when absent. apk would read `-5` or `x` as 0 and `5x` as 5; other readers stop at them. */
function parseNumber(field: SingleField, value: string): number {
  if (value === '') return 0
  const number = Number(value)
  if (/^[0-9]+$/.test(value) && Number.isSafeInteger(number)) return number
  throw invalid(field, 'is not a whole number: write digits only, without sign or unit')
}

/** The end of the year 9999. */
const maxBuildTime = 253_402_300_799

function parseBuildTime(value: string): number {
  const seconds = parseNumber('builddate', value)
  if (seconds <= maxBuildTime) return seconds
  throw invalid(
    'builddate',
    `is ${seconds}, a date after the year 9999: write Unix seconds, not parts of seconds`,
  )
}

/** apk has 16 bits for either of them and drops the rest. */
const maxPriority = 65_535

function parsePriority(field: 'provider_priority' | 'replaces_priority', value: string): number {
  const priority = parseNumber(field, value)
  if (priority <= maxPriority) return priority
  throw invalid(field, `is over ${maxPriority}, the highest that apk knows: lower it`)
}

function splitItems(text: string): string[] {
  return text.split(' ').filter((item) => item !== '')
}

/** Values that come from several lines may still be too long for one. */
function checkIndexLines(info: PackageInfo, { maxLine }: PackageInfoLimits): void {
  const lists = { depend: info.depends, provides: info.provides, install_if: info.installIf }
  for (const [field, items] of Object.entries(lists)) {
    // Items are ASCII. An index line has two bytes before the value and a newline after it.
    if (items.reduce((sum, item) => sum + item.length + 1, 2) < maxLine) continue
    throw invalid(
      field,
      `is longer than the ${maxLine} bytes that a line of the index may have: shorten it`,
    )
  }
}

function invalid(field: string, reason: string): FormatError {
  return new FormatError('invalid-field', `${field} in .PKGINFO ${reason}`, { field })
}
