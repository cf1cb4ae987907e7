// Reads an object of JSON or TOML field by field. Each refusal names the field, its value, the rule and the
// remedy. A missing field counts as null, as cargo's rules for registries say.
import { FormatError, quote } from '../format-error.ts'
import { isJsonObject } from './json-value.ts'

/** How messages name the document, and what they tell its author to do. */
export interface FieldDocument {
  readonly name: string
  readonly remedy: string
}

export class FieldReader {
  readonly #document: FieldDocument
  readonly #path: string
  readonly #values: Readonly<Record<string, unknown>>

  /**
   * @param path the field that the object stands in; empty for the whole document
   * @throws FormatError `invalid-field` for a value that is no object
   */
  constructor(document: FieldDocument, value: unknown, path = '') {
    this.#document = document
    this.#path = path
    if (!isJsonObject(value)) throw this.#invalid('', value, 'an object')
    this.#values = value
  }

  /** The name of the field in messages, with its path. */
  nameOf(field: string): string {
    return this.#path === '' ? field : `${this.#path}.${field}`
  }

  names(): readonly string[] {
    return Object.keys(this.#values)
  }

  /** The field's value; undefined for null. */
  value(field: string): unknown {
    // A name that every object inherits, such as `constructor`, is no field of this one.
    return Object.hasOwn(this.#values, field) ? (this.#values[field] ?? undefined) : undefined
  }

  text(field: string): string {
    const value = this.optionalText(field)
    if (value !== undefined) return value
    throw this.#invalid(field, undefined, 'a text')
  }

  /** The field's text; undefined for null. */
  optionalText(field: string): string | undefined {
    const value = this.value(field)
    if (value === undefined || isText(value)) return value
    throw this.#invalid(field, value, 'a text')
  }

  flag(field: string, absent: boolean): boolean {
    const value = this.value(field)
    if (value === undefined) return absent
    if (typeof value === 'boolean') return value
    throw this.#invalid(field, value, 'true or false')
  }

  /** The field's list of texts; empty for null. */
  texts(field: string): readonly string[] {
    const value = this.value(field)
    if (value === undefined) return []
    if (Array.isArray(value) && value.every(isText)) return value
    throw this.#invalid(field, value, 'a list of texts')
  }

  /** A reader of the field's object; undefined for null. */
  object(field: string): FieldReader | undefined {
    const value = this.value(field)
    if (value === undefined) return undefined
    return new FieldReader(this.#document, value, this.nameOf(field))
  }

  /** Readers of the field's list of objects, each with its place in its name; empty for null. */
  objects(field: string): readonly FieldReader[] {
    const value = this.value(field)
    if (value === undefined) return []
    if (!Array.isArray(value)) throw this.#invalid(field, value, 'a list of objects')
    const name = this.nameOf(field)
    return value.map((each, at) => new FieldReader(this.#document, each, `${name}[${at}]`))
  }

  /** The field's lists of texts by name; empty for null. */
  textsByName(field: string): ReadonlyMap<string, readonly string[]> {
    const lists = this.object(field)
    if (lists === undefined) return new Map()
    return new Map(lists.names().map((name) => [name, lists.texts(name)]))
  }

  #invalid(field: string, value: unknown, rule: string): FormatError {
    const { name: document, remedy } = this.#document
    const name = field === '' ? this.#path || 'the whole' : this.nameOf(field)
    const shown = value === undefined ? 'missing' : describeValue(value)
    // The path can hold names of any length with any characters, so it is quoted.
    const message = `${quote(name)} in ${document} is ${shown} and should be ${rule}: ${remedy}`
    return new FormatError('invalid-field', message, { field: quote(name).slice(1, -1) })
  }
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') return value.isWellFormed() ? quote(value) : 'no Unicode'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : quote(String(value))
}

/** Whether the value is a text without unpaired surrogates, which have no bytes that a client could read. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed()
}
