// What npm, pnpm, yarn and bun read of an answer that has nothing else to say: `ok`, or of a fault the member
// `error` of a JSON body, which they print.
import type { Dialect } from '../../http/dialect.ts'
import { jsonContent, type Operation } from '../../http/operation.ts'

export const npmDialect: Dialect = {
  contentType: 'application/json',
  fault: (fault, { status, text }) => ({
    members: { error: text },
    // After a 409 npm reads the package, and would say of one that is gone that it never was there.
    ...(fault.code === 'file-exists' && fault.removed ? { status: 403 } : {}),
    // Of a 401 npm says that a password is wrong, and not what the body says; this header it prints.
    ...(status === 401 ? { headers: noticeOf(text) } : {}),
  }),
}

/** What npm prints beside whatever it says of an answer (npm-registry-fetch, check-response.js). */
export function noticeOf(text: string): Readonly<Record<string, string>> {
  return { 'npm-notice': text.replace(/[^\x20-\x7e]/g, '?') }
}

const OK = jsonContent({ type: 'object', required: ['ok'], properties: { ok: { const: true } } })

export const DONE: Operation['answers'] = { 200: { description: 'Done', content: OK } }
export const CREATED: Operation['answers'] = {
  201: { description: 'Published, and visible to everybody', content: OK },
}

/** No cache on the way answers in its place. */
export function reply(
  value: object,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(value, { status, headers: { 'cache-control': 'no-store', ...headers } })
}

export function done(status?: number, headers?: Readonly<Record<string, string>>): Response {
  return reply({ ok: true }, status, headers)
}
