// The platform that a dependency is for: a target triple, or an expression of `cfg` (cargo-platform of
// cargo). It is read as cargo reads it, which leaves out a version whose platform it cannot read.
import { FormatError, quote } from '../../../formats/format-error.ts'

/** Characters. */
const MAX_LENGTH = 4096
const MAX_DEPTH = 64

/** Tokens of an expression, blanks before each; a raw identifier is `r#name`. */
const TOKEN = / *(?:([(),=])|"([^"]*)"|(r#)?([A-Za-z_][A-Za-z0-9_]*))/y

type Token =
  | { readonly kind: 'sign'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'name'; readonly text: string; readonly raw: boolean }

/**
 * The platform as cargo writes it: `cfg(any(unix,windows))` is `cfg(any(unix, windows))`.
 * @throws FormatError `invalid-field`
 */
export function formatPlatform(text: string, field: string): string {
  const found = text.length > MAX_LENGTH ? undefined : findPlatform(text)
  if (found !== undefined) return found
  const rule = 'a target triple or an expression such as cfg(unix)'
  const shown = `${field} is ${quote(text)}, which is no platform that cargo reads: use ${rule}`
  throw new FormatError('invalid-field', shown, { field })
}

function findPlatform(text: string): string | undefined {
  const [, expression] = /^cfg\((.*)\)$/s.exec(text) ?? []
  if (expression === undefined) return /^[\p{L}\p{N}_.-]+$/u.test(text) ? text : undefined
  // What is in quotes is free text: it must survive in JSON and on a page.
  if (/[\p{Cc}\p{Cs}]/u.test(expression)) return undefined
  const tokens = tokensOf(expression)
  if (tokens === undefined) return undefined
  const reader = new ExpressionReader(tokens)
  const shown = reader.read(0)
  return shown === undefined || !reader.ended ? undefined : `cfg(${shown})`
}

function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  const end = text.replace(/ +$/, '').length
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at
    const [whole, sign, string, raw, name] = TOKEN.exec(text) ?? []
    if (whole === undefined) return undefined
    if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else if (string !== undefined) tokens.push({ kind: 'string', text: string })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, raw: raw !== undefined })
  }
  return tokens
}

/** Gives back each expression in cargo's own spelling, or undefined where the grammar is broken. */
class ExpressionReader {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get ended(): boolean {
    return this.#next === this.#tokens.length
  }

  read(depth: number): string | undefined {
    const token = this.#tokens[this.#next]
    if (token?.kind !== 'name' || depth > MAX_DEPTH) return undefined
    this.#next += 1
    const { text, raw } = token
    if (!raw && (text === 'all' || text === 'any')) return this.#readList(text, depth)
    if (!raw && text === 'not') return this.#readNot(depth)
    const name = raw ? `r#${text}` : text
    if (!this.#take('=')) return name
    const value = this.#tokens[this.#next]
    if (value?.kind !== 'string') return undefined
    this.#next += 1
    return `${name} = "${value.text}"`
  }

  #readNot(depth: number): string | undefined {
    if (!this.#take('(')) return undefined
    const inner = this.read(depth + 1)
    return inner === undefined || !this.#take(')') ? undefined : `not(${inner})`
  }

  #readList(operator: string, depth: number): string | undefined {
    if (!this.#take('(')) return undefined
    const items: string[] = []
    while (!this.#take(')')) {
      const item = this.read(depth + 1)
      if (item === undefined) return undefined
      items.push(item)
      if (this.#take(',')) continue
      if (!this.#take(')')) return undefined
      break
    }
    return `${operator}(${items.join(', ')})`
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#next]
    if (token?.kind !== 'sign' || token.text !== sign) return false
    this.#next += 1
    return true
  }
}
