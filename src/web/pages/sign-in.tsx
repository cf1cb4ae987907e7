// Signing in with a token, and out again. A token is looked at once, here; from then on the browser
// has a session that allows what the token allows.
import { endSession } from '../../core/access/ended-sessions.ts'
import {
  type GivenSecret,
  givenSecret,
  identify,
  type Principal,
} from '../../core/access/principal.ts'
import { formatSession, startSession } from '../../core/access/session.ts'
import { type FoundToken, findToken } from '../../core/access/tokens.ts'
import { RegistryError, statusOf } from '../../core/errors.ts'
import { requireAdminToken, requireSessionSecret } from '../../env.ts'
import type { Call, Endpoint } from '../../http/endpoint.ts'
import { countFailure } from '../../http/failures.ts'
import { parseLocalPath } from '../../http/local-path.ts'
import { FORM_CHALLENGE } from '../../http/problem.ts'
import { readFields } from '../../http/request-body.ts'
import { readSessionForm, sessionCookie } from '../../http/session.ts'
import { FormError, TextField } from '../components/form.tsx'
import { OWNERS_PATH, ownerPath, SIGN_IN } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import { findReason, SignInReason } from './sign-in-reason.tsx'

export const signInEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: SIGN_IN,
    access: 'open',
    session: true,
    summary: 'The form to sign in with a token',
    handler: async (call) => signInPage(call, call.url.searchParams.get('next')),
  },
  {
    method: 'POST',
    path: SIGN_IN,
    access: 'open',
    session: true,
    summary: 'Sign in with a token: starts a session of at most 12 hours',
    handler: signIn,
  },
  {
    method: 'POST',
    path: '/-/sign-out',
    access: 'open',
    session: true,
    summary: 'End the session of this browser',
    handler: signOut,
  },
]

async function signIn(call: Call): Promise<Response> {
  const { env, request, url } = call
  const fields = await readFields(request)
  const next = fields.get('next')
  const text = (fields.get('token') ?? '').trim()
  if (text === '') return signInPage(call, next, refused(400, 'paste a token'))
  const secret = givenSecret(text)
  const row = await findToken(env.DB, secret)
  const principal = identify(secret, requireAdminToken(env), row, Date.now())
  if (principal.kind === 'rejected') {
    return signInPage(call, next, await failureOf(call, secret, principal.detail))
  }
  const session = startSession(principal.kind === 'admin' ? undefined : row, Date.now())
  const seconds = Math.floor((session.expiresAt - Date.now()) / 1000)
  const location = parseLocalPath(next, url) ?? homeOf(principal, row)
  const value = formatSession(session, requireSessionSecret(env))
  const cookie = sessionCookie(request, value, seconds)
  return redirect(location, cookie)
}

async function signOut(call: Call): Promise<Response> {
  // A session that is over already only has its cookie removed.
  if (call.session !== undefined) {
    await readSessionForm(call)
    await endSession(call.env.DB, call.session.session, Date.now())
  }
  return redirect('/', sessionCookie(call.request, '', 0))
}

function redirect(location: string, cookie: string): Response {
  const headers = { location, 'set-cookie': cookie, 'cache-control': 'no-store' }
  return new Response(null, { status: 303, headers })
}

function homeOf({ kind }: Principal, row: FoundToken | undefined): string {
  return kind === 'admin' || row === undefined ? OWNERS_PATH : ownerPath(row.ownerName)
}

interface Refused {
  readonly text: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

function refused(status: number, text: string, headers: Refused['headers'] = {}): Refused {
  return { status, text, headers }
}

async function failureOf(
  { env, request }: Call,
  secret: GivenSecret,
  detail: string,
): Promise<Refused> {
  try {
    await countFailure(env, request, secret)
    return refused(401, detail, { 'www-authenticate': FORM_CHALLENGE })
  } catch (error) {
    if (!(error instanceof RegistryError) || error.fault.code !== 'too-many-failures') throw error
    const headers = { 'retry-after': String(error.fault.seconds) }
    return refused(statusOf(error.fault), error.message, headers)
  }
}

async function signInPage(call: Call, next: string | null, problem?: Refused): Promise<Response> {
  const path = parseLocalPath(next, call.url)
  const body = (
    <>
      <h1>Sign in</h1>
      <SignInReason call={call} reason={await findReason(call, path)} />
      <FormError text={problem?.text} />
      <form class="panel narrow" method="post" action={SIGN_IN}>
        {path !== undefined && <input type="hidden" name="next" value={path} />}
        <TextField
          name="token"
          label="Access token"
          type="password"
          hint="Any token of an owner, or the admin token of the operator of this registry. The session lasts up to 12 hours and allows what the token allows."
          autocomplete="current-password"
          required
        />
        <button class="primary" type="submit">
          Sign in
        </button>
      </form>
    </>
  )
  const trail = [{ label: 'Sign in' }]
  const response = pageResponse(call, { title: 'Sign in', trail, body }, problem?.status)
  response.headers.set('cache-control', 'no-store')
  for (const [name, value] of Object.entries(problem?.headers ?? {})) {
    response.headers.set(name, value)
  }
  return response
}
