// JSON responses and the fields of JSON requests.
import { invalidRequest } from '../core/errors.ts'
import { quote } from '../formats/format-error.ts'

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

/** Refuses fields that mean nothing: a mistyped restriction would otherwise grant everything. */
export function onlyFields(
  body: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw invalidRequest(`the field ${quote(unknown)} is not known here: use ${known.join(', ')}`)
}

/** RFC 3339, as the API shows every time. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
