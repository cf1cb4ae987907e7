// Puts the endpoints into the router: configuration, access, handler, in this order for each.
import type { Context, Hono } from 'hono'
import { isKnown } from '../core/access/principal.ts'
import { noteLastUse } from '../core/access/tokens.ts'
import { RegistryError } from '../core/errors.ts'
import type { Env } from '../env.ts'
import { forgetAllowed, mayBeKnown } from './authorize.ts'
import { requireConfiguration } from './configuration.ts'
import { removeQuerySecrets } from './credentials.ts'
import type { Dialect } from './dialect.ts'
import { type Call, type Endpoint, type OwnedCall, takesBody } from './endpoint.ts'
import { countReader } from './limiter.ts'
import { authorizeAtHome, authorizeHere } from './near.ts'
import { formatPathTemplate } from './openapi.ts'
import { requirePlainBody } from './request-body.ts'
import { refuseForeignForm, requireSession } from './session.ts'

export interface AppEnv {
  Bindings: Env
  /** The dialect of the endpoint that was found, in which its faults are told. */
  Variables: { dialect: Dialect | undefined }
}

/** For a mistyped path of the API the text names the list of all paths; a page has links for that. */
export function nothingHere(path: string): RegistryError {
  const api = path.startsWith('/api/') ? ': /api/v1/docs lists the paths of the API' : ''
  // An address of the registry that ends in `/`, with a path behind it.
  const hint = path.includes('//') ? ': the path has "//", write one "/"' : api
  return new RegistryError({ code: 'not-found', detail: `there is nothing at this path${hint}` })
}

export function mount(app: Hono<AppEnv>, endpoints: readonly Endpoint[]): void {
  const methods = new Map<string, Set<string>>()
  const dialects = new Map<string, Dialect | undefined>()
  for (const endpoint of endpoints) {
    for (const path of [endpoint.path, ...(endpoint.aliases ?? [])]) {
      app.on(endpoint.method, path, (context) => answer(endpoint, context))
      const known = methods.get(path) ?? new Set()
      methods.set(path, known.add(endpoint.method))
      if (endpoint.method === 'GET') known.add('HEAD')
      dialects.set(path, dialects.get(path) ?? endpoint.dialect)
    }
  }
  for (const [path, allowed] of methods) {
    app.all(path, async (context) => {
      const { env, req } = context
      context.set('dialect', dialects.get(path))
      await requireConfiguration(env)
      // A path that only takes something has nothing to read: clients that look for a file which not
      // every registry has take a 404 for its absence, and a 405 for a failure. Whoever asks the
      // management API reads its document, and is told the methods.
      const reads = req.method === 'GET' || req.method === 'HEAD'
      if (reads && !req.path.startsWith('/api/v1/')) throw nothingHere(req.path)
      const longer = endpoints.find(
        (each) => each.method === req.method && each.path.startsWith(`${path}/`),
      )
      throw new RegistryError({
        code: 'method-not-allowed',
        allow: [...allowed].join(', '),
        ...(longer === undefined ? {} : { elsewhere: formatPathTemplate(longer.path) }),
      })
    })
  }
}

async function answer(endpoint: Endpoint, context: Context<AppEnv>): Promise<Response> {
  const { env, executionCtx } = context
  const sent = context.req.raw
  context.set('dialect', endpoint.dialect)
  const params = context.req.param() as Record<string, string>
  const waitUntil = (work: Promise<unknown>) => executionCtx.waitUntil(work)
  const url = new URL(sent.url)
  const secretInQuery = removeQuerySecrets(url, endpoint.dialect?.credentials)
  // No handler can log, repeat or redirect to what it does not have.
  const request = secretInQuery ? new Request(url, sent) : sent
  const base = { request, env, url, params, waitUntil }
  const counts = endpoint.countsReaders === true
  const open = 'unconfigured' in endpoint
  // What cannot turn out to be good credentials is none: it is counted before the database is asked.
  const nameless = counts && (open || !mayBeKnown(endpoint, sent, env))
  if (nameless) await countReader(env, 'READERS', sent)
  if (open) return endpoint.handler({ ...base, ...NOBODY })
  await requireConfiguration(env)
  const form = endpoint.session === true && endpoint.method !== 'GET'
  if (form) refuseForeignForm(request)
  const { token, ...authorized } = await authorizeHere(endpoint, sent, base).catch(
    async (error) => {
      // The same whether the owner is private or absent, as the refusal is.
      if (counts && !nameless && isOfNobody(error)) await countReader(env, 'READERS', sent)
      throw error
    },
  )
  if (counts && !nameless && !isKnown(authorized.principal)) await countReader(env, 'READERS', sent)
  if (form && endpoint.access !== 'open') requireSession(authorized.session)
  if (takesBody(endpoint) && !endpoint.ignoresBody) requirePlainBody(request)
  if (token !== undefined) waitUntil(noteLastUse(env.DB, token, Date.now()))
  try {
    const response = await handleHere(endpoint, sent, { ...base, ...authorized })
    // A cache on the way would keep the secret, which is in the name of what it keeps.
    if (secretInQuery) response.headers.set('cache-control', 'private, no-store')
    return response
  } catch (error) {
    if ('recheckedByCommit' in endpoint && isAboutAccess(error)) forgetAllowed()
    throw error
  } finally {
    if (endpoint.method !== 'GET' && endpoint.access !== 'write') forgetAllowed()
  }
}

/** Whether somebody was refused who turned out to have no good credentials. */
function isOfNobody(error: unknown): boolean {
  if (!(error instanceof RegistryError)) return false
  const { code } = error.fault
  return code === 'unauthorized' || code === 'invalid-credentials' || code === 'too-many-failures'
}

/** What a commit says when owner or token are gone: whoever tries again is looked up. */
function isAboutAccess(error: unknown): boolean {
  const code = error instanceof RegistryError ? error.fault.code : undefined
  return code === 'not-found' || code === 'invalid-credentials'
}

/** Of a file that was removed long ago, and swept, the place may still know the key of the bytes. */
async function handleHere(endpoint: Endpoint, sent: Request, call: Call): Promise<Response> {
  try {
    return await handle(endpoint, call)
  } catch (error) {
    if (!call.near || !(error instanceof RegistryError) || error.fault.code !== 'object-missing')
      throw error
    const { token: _, ...authorized } = await authorizeAtHome(endpoint, sent, call)
    return handle(endpoint, { ...call, ...authorized })
  }
}

function handle(endpoint: Endpoint, call: Call): Promise<Response> {
  if (endpoint.access === 'open' || endpoint.access === 'deployment-admin') {
    return endpoint.handler(call)
  }
  if (!hasOwner(call)) throw new Error(`${endpoint.path} was allowed without an owner`)
  return endpoint.handler(call)
}

const NOBODY = {
  principal: { kind: 'anonymous' },
  owner: undefined,
  session: undefined,
  resource: undefined,
  quota: undefined,
  databaseBytes: 0,
  authorizedAt: 0,
  near: false,
  databaseMs: 0,
} as const

function hasOwner(call: Call): call is OwnedCall {
  return call.owner !== undefined
}
