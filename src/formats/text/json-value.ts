// Reads values that JSON.parse made of foreign text. Such objects inherit from Object.prototype, so these
// functions look at own members alone: `constructor` is a legal name of a package, and every object inherits
// a member of that name. JSON.parse makes `__proto__` an own member, and so do the copies made here.

import { quote } from '../format-error.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member's value; undefined if the object has no own member of this name. */
export function memberOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** The member's text; undefined if it is no text. */
export function textOf(object: JsonObject, name: string): string | undefined {
  const value = memberOf(object, name)
  return typeof value === 'string' ? value : undefined
}

/** How messages call the kind of a value, such as `a list`. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}

/** Shows a value in a message: a text in quotes, any other value by its kind. */
export function showValue(value: unknown): string {
  return typeof value === 'string' ? quote(value) : kindOf(value)
}
