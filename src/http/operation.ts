// What the API's document says of an endpoint beyond its path and its access: plain values, next to
// the handler that they describe. A schema with a `title` becomes a component of that name.
import type { FaultCode } from '../core/errors.ts'

/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export interface Schema {
  readonly title?: string
  readonly [keyword: string]: unknown
}

export interface QueryParameter {
  readonly description: string
  readonly schema: Schema
}

export interface Content {
  readonly contentType: string
  readonly schema: Schema
}

export interface Answer {
  readonly description: string
  /** Absent where there is no body. */
  readonly content?: Content
  readonly headers?: Readonly<Record<string, QueryParameter>>
}

export interface Operation {
  /** Unique; generated clients call their methods by it. */
  readonly id: string
  readonly tag: string
  /** Markdown, beyond the summary. */
  readonly description?: string
  /** What the parameters of the path may be, by name; `owner` and those with a pattern are known. */
  readonly path?: Readonly<Record<string, Schema>>
  readonly query?: Readonly<Record<string, QueryParameter>>
  /** Absent where none is read; `optional` where a request without one means an empty one. */
  readonly body?: Content & { readonly optional?: true }
  /** By status, what a success can be. */
  readonly answers: Readonly<Record<number, Answer>>
  /** What it can refuse beyond what `access` says and what every endpoint can. */
  readonly faults?: readonly FaultCode[]
}

export function jsonContent(schema: Schema): Content {
  return { contentType: 'application/json', schema }
}

/** An object of exactly these members, all of which are there. */
export function objectSchema(
  title: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = Object.keys(properties),
): Schema {
  return { title, type: 'object', required, properties, additionalProperties: false }
}

export function listSchema(items: Schema): Schema {
  return { type: 'array', items }
}

export const TEXT: Schema = { type: 'string' }
/** Of a body or an answer that consists of bytes: by the format, generated clients read and send it as such. */
export const BYTES: Schema = { type: 'string', format: 'binary' }
export const COUNT: Schema = { type: 'integer', minimum: 0 }
export const TIME: Schema = { type: 'string', format: 'date-time' }
export const NO_CONTENT: Answer = { description: 'Done; there is nothing to say' }

/** Hex digits of a digest. */
export function digestSchema(length: number): Schema {
  return { type: 'string', pattern: `^[0-9a-f]{${length}}$` }
}

export function nullable(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] }
}

/** The schema with a value that it takes, for people and for tools that fill in requests. */
export function withExample(schema: Schema, example: unknown): Schema {
  return { ...schema, examples: [example] }
}

/** A value that the schema takes; undefined where it names none. */
export function exampleOf({ examples, enum: values, const: only }: Schema): unknown {
  for (const named of [examples, values]) if (Array.isArray(named)) return named[0]
  return only
}
