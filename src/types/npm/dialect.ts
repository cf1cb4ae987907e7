// What npm, pnpm, yarn and bun read of an answer that has nothing else to say: `ok`, or of a fault the member
// `error` of a JSON body, which they print.
import type { Dialect } from '../../http/dialect.ts'
import { jsonContent, type Operation } from '../../http/operation.ts'

export const npmDialect: Dialect = {
  contentType: 'application/json',
  fault: (_, { text }) => ({ members: { error: text } }),
}

const OK = jsonContent({ type: 'object', required: ['ok'], properties: { ok: { const: true } } })

export const DONE: Operation['answers'] = { 200: { description: 'Done', content: OK } }
export const CREATED: Operation['answers'] = {
  201: { description: 'Published, and visible to everybody', content: OK },
}

export function done(status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(
    { ok: true },
    { status, headers: { 'cache-control': 'no-store', ...headers } },
  )
}
