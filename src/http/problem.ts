// A fault as a response: in the dialect of the package type, if it has one; else one line of text for
// curl, RFC 9457 for the API and whoever asks for JSON, a page for browsers, made by whoever makes pages.
import { describeFault, type Fault, RegistryError, statusOf, textOf } from '../core/errors.ts'
import type { Dialect, FaultRequest } from './dialect.ts'
import { PROBLEMS_PATH } from './path.ts'

export interface PageProblem {
  readonly request: Request
  readonly fault: Fault
  readonly status: number
  /** The one line. */
  readonly text: string
}

export interface Failure {
  readonly request: Request
  /** What was thrown; anything but a RegistryError is a defect. */
  readonly error: unknown
  /** Names the log line of an internal error. */
  readonly requestId: string
  /** Of the endpoint or of the type whose path it is. It wins over what the request accepts. */
  readonly dialect: Dialect | undefined
}

/** @param formatPage answers browsers that asked for a page */
export function problemResponse(
  { request, error, requestId, dialect }: Failure,
  formatPage: (problem: PageProblem) => Response,
): Response {
  const fault: Fault = error instanceof RegistryError ? error.fault : { code: 'internal' }
  const status = statusOf(fault)
  if (status >= 500) logOnce(fault, error, requestId)
  const text = fault.code === 'internal' ? `${textOf(fault)}, request ${requestId}` : textOf(fault)
  if (dialect !== undefined) return tell(dialect, { fault, text, request, requestId })
  const basic = isApi(request) ? BASIC_CHALLENGE : FORM_CHALLENGE
  const headers = new Headers({ 'cache-control': 'no-store', ...headersOf(fault, basic) })
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
  // Clients of Forgejo's API show this member, and without it the whole body.
  const message = isAlwaysJson(new URL(request.url).pathname) ? { message: text } : {}
  const problem = { ...problemOf(fault, status, text, requestId), ...message }
  return new Response(`${JSON.stringify(problem)}\n`, { status, headers })
}

interface Told {
  readonly fault: Fault
  readonly text: string
  readonly request: Request
  readonly requestId: string
}

function tell(dialect: Dialect, { fault, text, request, requestId }: Told): Response {
  const asked = faultRequestOf(request)
  const answer = dialect.fault(fault, { status: statusOf(fault), text, request: asked })
  const { status = statusOf(fault), statusText = '' } = answer
  const challenge = dialect.challenge?.(asked) ?? BASIC_CHALLENGE
  const headers = new Headers({
    ...answer.headers,
    ...{ 'content-type': dialect.contentType, 'cache-control': 'no-store' },
    ...headersOf(fault, challenge),
  })
  const body =
    'body' in answer
      ? answer.body
      : `${JSON.stringify({ ...answer.members, ...problemOf(fault, status, text, requestId) })}\n`
  return new Response(body, { status, statusText: formatReason(statusText), headers })
}

function faultRequestOf({ method, url }: Request): FaultRequest {
  const { origin, pathname } = new URL(url)
  return { method, origin, pathname }
}

/** Characters. Nothing was tried with more; a whole body says the rest. */
const MAX_REASON = 300

/** RFC 9112 4: a line break would begin another header, and letters beyond ASCII have no meaning. */
function formatReason(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_REASON)
}

/** RFC 9457, with `code`, `request_id`, and of the fault what its row says. */
function problemOf(fault: Fault, status: number, detail: string, requestId: string) {
  const { code } = fault
  const { title, members } = describeFault(code)
  const type = `${PROBLEMS_PATH}#${code}`
  const further = Object.entries(fault).filter(([name]) => members.includes(name))
  const problem = { type, title, status, detail, code, request_id: requestId }
  return { ...problem, ...Object.fromEntries(further) }
}

/** A scheme that no browser knows: at one that it knows it opens a dialog of its own. */
export const FORM_CHALLENGE = 'Form realm="cairn"'

const BASIC_CHALLENGE = 'Basic realm="cairn", charset="UTF-8"'

function headersOf(fault: Fault, challenge: string): Record<string, string> {
  switch (fault.code) {
    case 'unauthorized':
    case 'invalid-credentials':
      // apk and curl send what .netrc and HTTP_AUTH hold only after a challenge.
      return { 'www-authenticate': challenge }
    case 'method-not-allowed':
      return { allow: fault.allow }
    case 'range-not-satisfiable':
      return { 'content-range': `bytes */${fault.size}` }
    case 'too-many-failures':
    case 'too-many-requests':
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
