// The router: what surrounds every request, and the endpoints of all types and of the API.
import { Hono } from 'hono'
import { TrieRouter } from 'hono/router/trie-router'
import { apiEndpoints } from './api/endpoints.ts'
import { API_INFO } from './api/openapi.ts'
import type { Env } from './env.ts'
import { requireConfiguration } from './http/configuration.ts'
import { type Dialects, findDialect } from './http/dialect.ts'
import type { Endpoint } from './http/endpoint.ts'
import { type AppEnv, mount, nothingHere } from './http/mount.ts'
import { HSTS, isPlain, redirectToHttps } from './http/plain-http.ts'
import { problemResponse } from './http/problem.ts'
import { endpointsOf, packageTypes } from './types/registration.ts'
import type { PackageType } from './types/type.ts'
import { webEndpoints } from './web/endpoints.ts'
import { referenceEndpoint } from './web/pages/reference.tsx'
import { problemPage } from './web/problem-page.tsx'

/** Nothing that is served may be sniffed, framed, or run in this origin. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
}

export interface App {
  /** Every endpoint of the Worker; tests enumerate them. */
  readonly endpoints: readonly Endpoint[]
  /** Answers a request, whatever becomes of it, with the headers that every response has. */
  fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response>
}

/** @param types whose endpoints and dialects are served; the API and the pages know the registered ones */
export function createApp(types: readonly PackageType[]): App {
  const forPrograms: readonly Endpoint[] = [...apiEndpoints, ...types.flatMap(endpointsOf)]
  const endpoints = [...forPrograms, referenceEndpoint(forPrograms, API_INFO), ...webEndpoints]
  const router = createRouter(endpoints, dialectsOf(types))
  return {
    endpoints,
    async fetch(request, env, context) {
      const response = await router.fetch(request, env, context)
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
        // A page has a policy of its own, without which it would have no style.
        if (!response.headers.has(name)) response.headers.set(name, value)
      }
      if (!isPlain(request)) response.headers.set('strict-transport-security', HSTS)
      return response
    },
  }
}

function dialectsOf(types: readonly PackageType[]): Dialects {
  return new Map(
    types.flatMap(({ type, dialect }) => (dialect === undefined ? [] : [[type, dialect]])),
  )
}

function createRouter(endpoints: readonly Endpoint[], dialects: Dialects): Hono<AppEnv> {
  // Hono's own choice tries its RegExpRouter first, with every path, and gives up: it takes no paths of
  // which one begins where another has a parameter.
  const router = new Hono<AppEnv>({ router: new TrieRouter() })
  router.use(async ({ env, req }, next) => {
    const places = findDialect(dialects, req.path)?.credentials
    if (isPlain(req.raw)) await requireConfiguration(env)
    return redirectToHttps(req.raw, env, places) ?? next()
  })
  mount(router, endpoints)

  router.notFound(async (context) => {
    await requireConfiguration(context.env)
    throw nothingHere(context.req.path)
  })

  router.onError((error, context) => {
    const requestId = requestIdOf(context.req.header('cf-ray'))
    // The path as the router reads it, which decides what is served there too.
    const dialect = context.get('dialect') ?? findDialect(dialects, context.req.path)
    return problemResponse({ request: context.req.raw, error, requestId, dialect }, problemPage)
  })
  return router
}

/** Cloudflare's own id of the request; anything else in its header is the client's and not repeated. */
function requestIdOf(ray = ''): string {
  return /^[0-9a-f]{16}-[A-Z]{3}$/.test(ray) ? ray : crypto.randomUUID()
}

export const { endpoints, fetch } = createApp(packageTypes)
