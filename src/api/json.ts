// JSON responses and the fields of JSON requests.
import { RegistryError } from '../core/errors.ts'
import { quote } from '../formats/format-error.ts'

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

export function invalid(detail: string): RegistryError {
  return new RegistryError({ code: 'invalid-request', detail })
}

/** Refuses fields that mean nothing: a mistyped restriction would otherwise grant everything. */
export function onlyFields(
  body: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw invalid(`the field ${quote(unknown)} is not known here: use ${known.join(', ')}`)
}

/** RFC 3339, as the API shows every time. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
