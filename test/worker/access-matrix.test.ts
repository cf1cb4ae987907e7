import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { endpoints } from '../../src/app.ts'
import type { Endpoint } from '../../src/http/endpoint.ts'
import { buildApk } from '../support/apk-builder.ts'
import { ADMIN, answerOf, createOwner, MAIN, publish, tokenOf } from '../support/worker/registry.ts'

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
type Who = (typeof WHO)[number]
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

/** A value for every parameter that a path can have; a new one has to be added here. */
const PARAMETERS: Readonly<Record<string, string>> = {
  owner: 'acme',
  branch: 'edge',
  repository: 'main',
  architecture: 'x86_64',
  file: 'hello-1-r0.apk',
  keyFile: 'acme@0123456789abcdef.rsa.pub',
  uploadName: 'upload.apk',
  id: 'absent',
  digest: '0123456789abcdef.css',
}

const BODIES: Readonly<Record<string, () => Uint8Array | string>> = {
  'PUT /api/v1/owners/:owner': () => JSON.stringify({ visibility: 'private' }),
  'POST /api/v1/owners/:owner/tokens': () => JSON.stringify({ name: 'a', scopes: ['read'] }),
}

function pathOf(template: string): string {
  return template.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => {
    const value = PARAMETERS[name]
    if (value === undefined) throw new Error(`no value for the parameter ${name} of ${template}`)
    return value
  })
}

const cases = endpoints.flatMap((endpoint) =>
  [endpoint.path, ...(endpoint.aliases ?? [])].flatMap((path) =>
    (['public', 'private'] as const).map((visibility) => ({ endpoint, path, visibility })),
  ),
)

let credentials: Record<Who, HeadersInit>

async function prepare(visibility: Visibility): Promise<void> {
  await createOwner('acme', visibility)
  await createOwner('other', 'public')
  await publish({ name: 'hello', version: '1-r0' })
  const token = async (owner: string, scope: string) =>
    (await tokenOf(owner, { scopes: [scope] })).headers
  const expired = await tokenOf('acme', { scopes: ['admin'] })
  await env.DB.prepare('UPDATE access_token SET expires_at = 1 WHERE id = ?').bind(expired.id).run()
  const revoked = await tokenOf('acme', { scopes: ['admin'] })
  await env.DB.prepare('DELETE FROM access_token WHERE id = ?').bind(revoked.id).run()
  credentials = {
    anonymous: {},
    mistyped: { authorization: 'Bearer cairn_mistyped' },
    expired: expired.headers,
    revoked: revoked.headers,
    other: await token('other', 'admin'),
    read: await token('acme', 'read'),
    write: await token('acme', 'write'),
    admin: await token('acme', 'admin'),
    deployment: ADMIN,
  }
}

async function verdictOf(
  { method, access }: Endpoint,
  path: string,
  template: string,
  who: Who,
): Promise<Verdict | number> {
  const body =
    BODIES[`${method} ${template}`]?.() ?? (method === 'PUT' ? buildApk({ name: who }) : null)
  const { status, text } = await answerOf(path, { method, headers: credentials[who], body })
  if (access !== 'open' && status === 404 && /no owner/.test(text)) return 404
  return [401, 403, 429].includes(status) || status >= 500 ? status : 'yes'
}

beforeEach(() => {
  expect(cases.length).toBeGreaterThan(25)
})

describe.each(cases)(
  '$endpoint.method $path of a $visibility owner',
  ({ endpoint, path, visibility }) => {
    it(`is for whom "${endpoint.access}" says`, async () => {
      await prepare(visibility)
      const verdicts: Partial<Record<Who, Verdict | number>> = {}
      // In the order of WHO: those who are refused come first and change nothing for the others.
      for (const who of WHO) verdicts[who] = await verdictOf(endpoint, pathOf(path), path, who)
      expect(verdicts).toEqual(EXPECTED[endpoint.access][visibility])
    })
  },
)

it('nobody is refused by HEAD what GET allows, or allowed what GET refuses', async () => {
  await prepare('private')
  for (const endpoint of endpoints.filter(({ method }) => method === 'GET')) {
    for (const who of WHO) {
      const path = pathOf(endpoint.path)
      const get = await answerOf(path, { headers: credentials[who] })
      const head = await answerOf(path, { method: 'HEAD', headers: credentials[who] })
      expect([endpoint.path, who, head.status]).toEqual([endpoint.path, who, get.status])
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
