// A fault as a response: one line of text for curl, RFC 9457 for the API and whoever asks for JSON, a
// page for browsers, made by whoever makes pages.
import { describeFault, type Fault, RegistryError, statusOf, textOf } from '../core/errors.ts'
import { PROBLEMS_PATH } from './path.ts'

export interface PageProblem {
  readonly request: Request
  readonly fault: Fault
  readonly status: number
  /** The one line. */
  readonly text: string
}

/**
 * @param requestId names the log line of an internal error
 * @param formatPage answers browsers that asked for a page
 */
export function problemResponse(
  request: Request,
  error: unknown,
  requestId: string,
  formatPage: (problem: PageProblem) => Response,
): Response {
  const fault: Fault = error instanceof RegistryError ? error.fault : { code: 'internal' }
  const status = statusOf(fault)
  if (status >= 500) logOnce(fault, error, requestId)
  const headers = new Headers({ 'cache-control': 'no-store', ...headersOf(fault, isApi(request)) })
  const text = fault.code === 'internal' ? `${textOf(fault)}, request ${requestId}` : textOf(fault)
  if (wantsPage(request)) {
    const page = formatPage({ request, fault, status, text })
    for (const [name, value] of headers) page.headers.set(name, value)
    return page
  }
  if (!wantsJson(request)) {
    headers.set('content-type', 'text/plain; charset=utf-8')
    return new Response(`${text}\n`, { status, headers })
  }
  headers.set('content-type', 'application/problem+json')
  return new Response(`${JSON.stringify(problemOf(fault, text, requestId))}\n`, { status, headers })
}

/** RFC 9457, with `code`, `request_id`, and of the fault what its row says. */
function problemOf(fault: Fault, detail: string, requestId: string) {
  const { code } = fault
  const { status, title, members } = describeFault(code)
  const type = `${PROBLEMS_PATH}#${code}`
  const further = Object.entries(fault).filter(([name]) => members.includes(name))
  const problem = { type, title, status, detail, code, request_id: requestId }
  return { ...problem, ...Object.fromEntries(further) }
}

/** A scheme that no browser knows: at one that it knows it opens a dialog of its own. */
export const FORM_CHALLENGE = 'Form realm="cairn"'

function headersOf(fault: Fault, api: boolean): Record<string, string> {
  switch (fault.code) {
    case 'unauthorized':
    case 'invalid-credentials':
      // apk and curl send what .netrc and HTTP_AUTH hold only after a challenge.
      return { 'www-authenticate': api ? 'Basic realm="cairn", charset="UTF-8"' : FORM_CHALLENGE }
    case 'method-not-allowed':
      return { allow: fault.allow }
    case 'range-not-satisfiable':
      return { 'content-range': `bytes */${fault.size}` }
    case 'too-many-failures':
      return { 'retry-after': String(fault.seconds) }
    case 'storage-unavailable':
    case 'outcome-unknown':
      return { 'retry-after': '5' }
    case 'restoring':
      return { 'retry-after': '60' }
    default:
      return {}
  }
}

/** Browsers name HTML; what clients of packages and of the API send never does. */
function wantsPage(request: Request): boolean {
  if (isApi(request)) return false
  return /\btext\/html\b/.test(request.headers.get('accept') ?? '')
}

/** Whether faults under this path are JSON, whatever the request accepts. */
export function isAlwaysJson(path: string): boolean {
  return path.startsWith('/api/v1/')
}

function isApi(request: Request): boolean {
  const { pathname } = new URL(request.url)
  return pathname === '/api' || pathname.startsWith('/api/')
}

function wantsJson(request: Request): boolean {
  if (isAlwaysJson(new URL(request.url).pathname)) return true
  return /\bapplication\/(problem\+)?json\b/.test(request.headers.get('accept') ?? '')
}

/** Neither headers nor query are logged: they may hold tokens. */
function logOnce(fault: Fault, error: unknown, requestId: string): void {
  const line = `request ${requestId}: ${fault.code}: ${textOf(fault)}`
  // The text says it all, and every request of such a deployment says it.
  console.error(
    ['not-configured', 'bucket-mismatch', 'restoring', 'storage-full'].includes(fault.code)
      ? line
      : `${line}\n${stackOf(error)}`,
  )
}

function stackOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
