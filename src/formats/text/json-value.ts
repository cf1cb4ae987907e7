// Values that JSON.parse made of foreign text. Its objects inherit from Object.prototype, so members are asked
// for as own ones alone: `constructor` is a legal name of a package, and nobody sent it just because every
// object answers to it. `__proto__` is an own member of what JSON.parse makes, and of what the copies here make.

import { quote } from '../format-error.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Undefined where the object has no such member of its own. */
export function memberOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Undefined where the member is no text. */
export function textOf(object: JsonObject, name: string): string | undefined {
  const value = memberOf(object, name)
  return typeof value === 'string' ? value : undefined
}

/** How messages call the kind of a value: `a list`. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}

/** A value for a message: a text in quotes, else its kind. */
export function showValue(value: unknown): string {
  return typeof value === 'string' ? quote(value) : kindOf(value)
}
