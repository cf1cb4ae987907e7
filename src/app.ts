// The router: what surrounds every request, and the endpoints of all types and of the API.
import { Hono } from 'hono'
import { TrieRouter } from 'hono/router/trie-router'
import { apiEndpoints } from './api/endpoints.ts'
import { API_INFO } from './api/openapi.ts'
import type { Env } from './env.ts'
import { requireConfiguration } from './http/configuration.ts'
import type { Endpoint } from './http/endpoint.ts'
import { type AppEnv, mount, nothingHere } from './http/mount.ts'
import { problemResponse } from './http/problem.ts'
import { packageTypes } from './types/registration.ts'
import { webEndpoints } from './web/endpoints.ts'
import { referenceEndpoint } from './web/pages/reference.tsx'
import { problemPage } from './web/problem-page.tsx'

const forPrograms: readonly Endpoint[] = [
  ...apiEndpoints,
  ...packageTypes.flatMap((packageType) => packageType.endpoints),
]

/** Every endpoint of the Worker; tests enumerate them. */
export const endpoints: readonly Endpoint[] = [
  ...forPrograms,
  referenceEndpoint(forPrograms, API_INFO),
  ...webEndpoints,
]

/** Nothing that is served may be sniffed, framed, or run in this origin. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
}

// Hono's own choice tries its RegExpRouter first, with every path, and gives up: it takes no paths of which
// one begins where another has a parameter.
const app = new Hono<AppEnv>({ router: new TrieRouter() })

mount(app, endpoints)

app.notFound(async (context) => {
  await requireConfiguration(context.env)
  throw nothingHere(context.req.path)
})

app.onError((error, context) => {
  const requestId = requestIdOf(context.req.header('cf-ray'))
  return problemResponse(context.req.raw, error, requestId, problemPage)
})

/** Cloudflare's own id of the request; anything else in its header is the client's and not repeated. */
function requestIdOf(ray = ''): string {
  return /^[0-9a-f]{16}-[A-Z]{3}$/.test(ray) ? ray : crypto.randomUUID()
}

/** Answers a request, whatever becomes of it, with the headers that every response has. */
export async function fetch(
  request: Request,
  env: Env,
  context: ExecutionContext,
): Promise<Response> {
  const response = await app.fetch(request, env, context)
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    // A page has a policy of its own, without which it would have no style.
    if (!response.headers.has(name)) response.headers.set(name, value)
  }
  return response
}
