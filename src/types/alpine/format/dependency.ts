// Dependency lists: depends, provides and install_if of a package (apk-tools src/package.c). Refuses
// items over which apk 2 drops the rest of the list or apk 3 makes the package uninstallable.
import { FormatError, quote } from '../../../formats/format-error.ts'
import { isVersion, suggestVersion } from './version.ts'

export type DependencyOperator = '=' | '<' | '<=' | '>' | '>=' | '~' | '<~' | '>~' | '><'

export interface Dependency {
  /** `!name`: must not be installed. */
  readonly conflict: boolean
  /** A package name, or a name with a prefix or path: `so:libc.musl-x86_64.so.1`, `/bin/sh`. */
  readonly name: string
  /** With a version only. `><` compares with a package's identity instead of a version. */
  readonly operator?: DependencyOperator
  readonly version?: string
}

/** apk reads an operator as a set of characters: `=>` is `>=`, `==` is `=`. */
const operators: ReadonlyMap<string, DependencyOperator> = new Map([
  ['=', '='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['=>', '>='],
  ['~', '~'],
  ['=~', '~'],
  ['<~', '<~'],
  ['<=~', '<~'],
  ['>~', '>~'],
  ['=>~', '>~'],
  ['<>', '><'],
])

const item = /^(!?)([A-Za-z0-9._+,:/[\]-]+)(?:([<>=~]+)(.*))?$/
const identity = /^(?:Q1[A-Za-z0-9+/]{27}=|Q2[A-Za-z0-9+/]{43}=|X1[0-9a-f]{40})$/

/**
 * One item of a list.
 * @param field the field it stands in, as .PKGINFO spells it, for the message
 * @throws FormatError `invalid-field`
 */
export function parseDependency(text: string, field = 'depend'): Dependency {
  const [, conflict, name, characters, version] = item.exec(text) ?? []
  // apk would look for a package of that name, comma included, and never find one.
  if (name === undefined || name.endsWith(',')) throw invalid(text, field, explainItem(text))
  const base = { conflict: conflict === '!', name }
  if (characters === undefined || version === undefined) return base
  const operator = operators.get([...new Set(characters)].sort().join(''))
  if (operator === undefined) {
    throw invalid(text, field, `${characters} is no operator: use one of = < <= > >= ~ <~ >~ ><`)
  }
  if (operator === '><') {
    if (identity.test(version)) return { ...base, operator, version }
    throw invalid(text, field, '>< takes the identity of a package: Q1 and 28 base64 characters')
  }
  if (isVersion(version)) return { ...base, operator, version }
  throw invalid(
    text,
    field,
    version === ''
      ? `no version follows ${characters}: write name${characters}version without spaces`
      : explainVersion(name, characters, version),
  )
}

function explainVersion(name: string, operator: string, version: string): string {
  const proposal = suggestVersion(version)
  const written = proposal === undefined ? name : `${name}${operator}${proposal}`
  return `${quote(version)} is not an apk version: write ${written}`
}

/** As apk writes it into an index, whatever the operator's spelling was. */
export function formatDependency({ conflict, name, operator, version }: Dependency): string {
  return `${conflict ? '!' : ''}${name}${operator ?? ''}${version ?? ''}`
}

/**
 * The items of a list, each of them checked, in their order and in apk's own spelling.
 * @throws FormatError `invalid-field`
 */
export function splitDependencies(text: string, field = 'depend'): string[] {
  refuseParentheses(text, field)
  const items = text.split(/[ \n]+/).filter((each) => each !== '')
  return items.map((each) => formatDependency(parseDependency(each, field)))
}

/** As Debian and RPM write a version: `bash (>= 4.0)`. */
function refuseParentheses(text: string, field: string): void {
  const [found, name, operator = '', version] =
    /(?<=^| )([^ ()]+) ?\(([<>=]+) ?([^ ()]+)\)/.exec(text) ?? []
  if (found === undefined) return
  // Debian doubles what is strict.
  const strict = /^(?:<<|>>)$/.test(operator) ? operator.slice(1) : operator
  throw invalid(found, field, `apk has no parentheses: write ${name}${strict}${version}`)
}

/** The same for `provides`, where nothing can be forbidden. */
export function splitProvides(text: string): string[] {
  const items = splitDependencies(text, 'provides')
  const forbidden = items.find((each) => each.startsWith('!'))
  if (forbidden === undefined) return items
  throw invalid(forbidden, 'provides', 'a package cannot provide the absence of another')
}

function explainItem(text: string): string {
  if (/^[<>=~]/.test(text)) return 'write name, operator and version as one word: name>=1.0'
  if (text.includes('@')) return 'a repository tag (@name) belongs into /etc/apk/world only'
  if (text.includes(',')) return 'separate items by spaces'
  return 'a name has ASCII letters, digits and . _ + - , : / [ ] only'
}

function invalid(text: string, field: string, reason: string): FormatError {
  return new FormatError('invalid-field', `${field} item ${quote(text)} is not valid: ${reason}`, {
    field,
  })
}
