import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { endpoints } from '../../src/app.ts'
import type { Endpoint } from '../../src/http/endpoint.ts'
import { csrfOf, FROM_HERE, post, type SignedIn, signIn } from '../support/worker/browser.ts'
import { pathOf } from '../support/worker/paths.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { answerTo, request } from '../support/worker/requests.ts'
import { MAIN } from '../types/alpine/repository.ts'
import { type RegisteredSample, sampleOf, samples } from '../types/samples.ts'

// Every endpoint there is, by everybody, on public and private owners. The endpoints come from their
// descriptors, so that a new one is in this table without anybody thinking of it.

const WHO = [
  'anonymous',
  'mistyped',
  'expired',
  'revoked',
  'other',
  'read',
  'write',
  'admin',
  'deployment',
] as const
/** Who signed in with a browser, by what they signed in with. */
const SIGNED_IN = ['other', 'read', 'write', 'admin', 'deployment'] as const
type Who = (typeof WHO)[number]
type Signed = `session ${(typeof SIGNED_IN)[number]}`
type Visibility = 'public' | 'private'
type Verdict = 'yes' | 401 | 403 | 404

const everybody = (verdict: Verdict) =>
  Object.fromEntries(WHO.map((who) => [who, verdict])) as Record<Who, Verdict>
const unknown401 = { anonymous: 401, mistyped: 401, expired: 401, revoked: 401 } as const

/** Who may, by what the endpoint declares; written down apart from the code that decides. */
const EXPECTED: Record<Endpoint['access'], Record<Visibility, Record<Who, Verdict>>> = {
  open: { public: everybody('yes'), private: everybody('yes') },
  read: {
    public: everybody('yes'),
    private: { ...everybody('yes'), ...unknown401, other: 404 },
  },
  write: {
    public: { ...everybody('yes'), ...unknown401, other: 403, read: 403 },
    private: { ...everybody('yes'), ...unknown401, other: 404, read: 403 },
  },
  'owner-admin': {
    public: { ...everybody('yes'), ...unknown401, other: 403, read: 403, write: 403 },
    private: { ...everybody('yes'), ...unknown401, other: 404, read: 403, write: 403 },
  },
  'deployment-admin': {
    public: { ...everybody(403), ...unknown401, deployment: 'yes' },
    private: { ...everybody(403), ...unknown401, deployment: 'yes' },
  },
}

/**
 * A session counts for reading and for the web, as what it is of; elsewhere as nobody. And the forms of
 * the web are for sessions: credentials in a header are refused once they would do.
 */
function expectedOf(endpoint: Endpoint, visibility: Visibility) {
  const aboutCaller = sampleOf(endpoint.path)?.aboutCaller?.includes(endpoint.path) === true
  const byHeader: Record<Who, Verdict> = {
    ...EXPECTED[endpoint.access][visibility],
    ...(aboutCaller ? { anonymous: 401, expired: 401, mistyped: 401, revoked: 401 } : {}),
  }
  const web = endpoint.session === true
  const counts = web || (endpoint.method === 'GET' && endpoint.access === 'read')
  const bySession = SIGNED_IN.map((who) => [
    `session ${who}`,
    counts ? byHeader[who] : byHeader.anonymous,
  ])
  const form = web && endpoint.method !== 'GET' && endpoint.access !== 'open'
  const entries = Object.entries(byHeader).map(([who, verdict]) => [
    who,
    form && verdict === 'yes' ? 403 : verdict,
  ])
  return Object.fromEntries([...entries, ...bySession])
}

const BODIES: Readonly<Record<string, () => Uint8Array | string>> = {
  'PUT /api/v1/deployment/bucket': () => JSON.stringify({}),
  'PUT /api/v1/owners/:owner': () => JSON.stringify({ visibility: 'private' }),
  'POST /api/v1/owners/:owner/tokens': () => JSON.stringify({ name: 'a', scopes: ['read'] }),
}

/** The fields of the forms of the web; without any, what is wrong with a form is said to who may send it. */
const FORMS: Readonly<Record<string, Record<string, string>>> = {}

const cases = endpoints.flatMap((endpoint) =>
  [endpoint.path, ...(endpoint.aliases ?? [])].flatMap((path) =>
    (['public', 'private'] as const).map((visibility) => ({ endpoint, path, visibility })),
  ),
)

let credentials: Record<Who, HeadersInit>
let sessions: Record<Signed, SignedIn>

async function prepare(
  visibility: Visibility,
  published: readonly RegisteredSample[] = samples,
): Promise<void> {
  await createOwner('acme', visibility)
  await createOwner('other', 'public')
  for (const sample of published) {
    const { status } = await answerTo(sample.publish(sample.first))
    expect(status).toBe(sample.statuses.published)
  }
  const token = async (owner: string, scope: string) =>
    (await tokenOf(owner, { scopes: [scope] })).headers
  credentials = {
    anonymous: {},
    ...(await wrongCredentials()),
    other: await token('other', 'admin'),
    read: await token('acme', 'read'),
    write: await token('acme', 'write'),
    admin: await token('acme', 'admin'),
    deployment: ADMIN,
  }
  sessions = Object.fromEntries(
    await Promise.all(
      SIGNED_IN.map(async (who) => {
        const header = new Headers(credentials[who]).get('authorization') ?? ''
        return [`session ${who}`, await signIn(header.replace('Bearer ', ''))]
      }),
    ),
  )
}

/** Tokens that no other call gave: each wrong one may be used so many times a minute and is then 429. */
async function wrongCredentials(): Promise<
  Record<'mistyped' | 'expired' | 'revoked', HeadersInit>
> {
  const expired = await tokenOf('acme', { scopes: ['admin'] })
  await env.DB.prepare('UPDATE access_token SET expires_at = 1 WHERE id = ?').bind(expired.id).run()
  const revoked = await tokenOf('acme', { scopes: ['admin'] })
  await env.DB.prepare('DELETE FROM access_token WHERE id = ?').bind(revoked.id).run()
  return {
    mistyped: { authorization: `Bearer cairn_mistyped${crypto.randomUUID()}` },
    expired: expired.headers,
    revoked: revoked.headers,
  }
}

/** @param name of the package that is published, where the path is one to publish at */
async function verdictOf(
  { method, access }: Endpoint,
  path: string,
  template: string,
  headers: HeadersInit,
  name: string,
): Promise<Verdict | number> {
  const body = BODIES[`${method} ${template}`]?.()
  const asked =
    body === undefined && (method === 'PUT' || method === 'POST')
      ? await uploadTo(method, path, template, name)
      : request(method, path, typeof body === 'string' ? new TextEncoder().encode(body) : body)
  const { status, text } = await answerTo(asked, headers)
  if (access !== 'open' && status === 404 && /no owner/.test(text)) return 404
  return [401, 403, 429].includes(status) || status >= 500 ? status : 'yes'
}

/** A body as the type of the path publishes it, sent to that very path. */
async function uploadTo(
  method: string,
  path: string,
  template: string,
  name: string,
): Promise<Request> {
  const sample = sampleOf(template)
  if (sample === undefined) return request(method, path)
  const upload = sample.publish(sample.named(name))
  const asked = request(method, path, await upload.bytes())
  for (const [header, value] of upload.headers) asked.headers.set(header, value)
  return asked
}

/** With the token that the pages of the session carry, as their forms are sent. */
async function formVerdictOf(
  endpoint: Endpoint,
  path: string,
  template: string,
  session: SignedIn,
): Promise<Verdict | number> {
  const csrf = await csrfOf(session)
  const fields = FORMS[`${endpoint.method} ${template}`] ?? {}
  const { status, text } = await post(
    path,
    { csrf, ...fields },
    { ...session.headers, accept: '*/*' },
  )
  if (endpoint.access !== 'open' && status === 404 && /no owner/.test(text)) return 404
  return [401, 403, 429].includes(status) || status >= 500 ? status : 'yes'
}

function isForm({ session, method }: Endpoint): boolean {
  return session === true && method !== 'GET'
}

beforeEach(() => {
  expect(cases.length).toBeGreaterThan(25)
})

describe.each(
  cases.map((each) => [each.endpoint.method, each.path, each.visibility, each] as const),
)('%s %s of a %s owner', (_method, path, visibility, { endpoint }) => {
  it(`is for whom "${endpoint.access}" says`, async () => {
    const sample = sampleOf(path) ?? samples[0]
    await prepare(visibility, sample === undefined ? [] : [sample])
    const verdicts: Record<string, Verdict | number> = {}
    const at = pathOf(path)
    // Sessions first, and then WHO in its order: those who are refused come before those who change
    // something for the others.
    for (const who of SIGNED_IN) {
      const signed = sessions[`session ${who}`]
      const named = `session-${who}`
      verdicts[`session ${who}`] = isForm(endpoint)
        ? await formVerdictOf(endpoint, at, path, signed)
        : await verdictOf(endpoint, at, path, signed.headers, named)
    }
    for (const who of WHO) {
      const headers = { ...credentials[who], ...(isForm(endpoint) ? FROM_HERE : {}) }
      verdicts[who] = await verdictOf(endpoint, at, path, headers, who)
    }
    expect(verdicts).toEqual(expectedOf(endpoint, visibility))
  })
})

async function expectHeadAsGet(
  path: string,
  who: string,
  credentials: HeadersInit,
  address: HeadersInit,
): Promise<void> {
  const headers = [...new Headers(credentials), ...new Headers(address)] as [string, string][]
  const get = await answerOf(path, { headers })
  const head = await answerOf(path, { method: 'HEAD', headers })
  expect(`${path} ${who} ${head.status}`).toBe(`${path} ${who} ${get.status}`)
  expect([429, 500, 503]).not.toContain(get.status)
}

it('nobody is refused by HEAD what GET allows, or allowed what GET refuses', async () => {
  await prepare('private')
  for (const [at, endpoint] of endpoints.filter(({ method }) => method === 'GET').entries()) {
    const path = pathOf(endpoint.path)
    // Wrong credentials are counted by address and by secret: a 429 would say nothing of the endpoint.
    const address = { 'cf-connecting-ip': `198.51.100.${at}` }
    const wrong = await wrongCredentials()
    for (const who of WHO) {
      await expectHeadAsGet(path, who, { ...credentials, ...wrong }[who], address)
    }
    for (const [who, { headers }] of Object.entries(sessions)) {
      await expectHeadAsGet(path, who, headers, address)
    }
  }
})

it('no answer invites other origins, whatever it is', async () => {
  await prepare('public')
  for (const path of [
    `${MAIN}/x86_64/hello-1-r0.apk`,
    '/api/v1/owners',
    '/nothing',
    '/api/healthz',
  ]) {
    const { headers } = await answerOf(path, { headers: { origin: 'https://evil.test' } })
    const names = [...headers.keys()]
    expect(names.filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
  }
})
