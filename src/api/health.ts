// /api/healthz: each part that a request may need, tried for real. It answers also when the
// deployment is not configured, since that is what it is asked for then.
import { query } from '../core/database.ts'
import { requireMarker } from '../core/deployment/marker.ts'
import { RegistryError } from '../core/errors.ts'
import { findFull } from '../core/quota/quota.ts'
import { loadKeySet } from '../core/signing-keys.ts'
import {
  boundsOf,
  databaseLimitOf,
  type Env,
  objectsOf,
  rememberMsOf,
  requireAdminToken,
  secretsOf,
} from '../env.ts'
import { requireMigrations } from '../http/configuration.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { jsonContent, objectSchema, TEXT } from '../http/operation.ts'
import { json } from './json.ts'

type Check = (env: Env) => Promise<unknown>

const CHECKS: Readonly<Record<string, Check>> = {
  admin_token: async (env) => requireAdminToken(env),
  signing_key: async (env) => loadKeySet(secretsOf(env), null, 'cairn'),
  database: (env) => requireMigrations(env.DB),
  limits: async (env) => [boundsOf(env), rememberMsOf(env)],
  database_room: requireRoom,
  // A key that is never written: the answer "no such object" is an answer.
  object_store: (env) => env.BLOBS.head('health'),
  // The first to ask a fresh deployment, which gets its marker by this.
  bucket_marker: (env) => requireMarker(env.DB, env.BLOBS),
  repository_object: async (env) => objectsOf(env).getByName('health').ping(),
}

/** @throws RegistryError storage-full, which stops publishing and nothing else */
async function requireRoom(env: Env): Promise<void> {
  const { meta } = await query(() => env.DB.prepare('SELECT 1').run())
  const fault = findFull(meta.size_after, databaseLimitOf(env))
  if (fault !== undefined) throw new RegistryError(fault)
}

const HEALTH_SCHEMA = objectSchema('Health', {
  status: { type: 'string', enum: ['pass', 'fail'] },
  checks: {
    type: 'object',
    description: '`pass`, or what is wrong.',
    ...objectFields(Object.keys(CHECKS)),
  },
})

function objectFields(names: readonly string[]) {
  return { required: names, properties: Object.fromEntries(names.map((name) => [name, TEXT])) }
}

export const healthEndpoint: Endpoint = {
  method: 'GET',
  path: '/api/healthz',
  access: 'open',
  unconfigured: true,
  countsReaders: true,
  summary: 'Whether every part answers',
  operation: {
    id: 'getHealth',
    tag: 'deployment',
    answers: {
      200: { description: 'Every part answers', content: jsonContent(HEALTH_SCHEMA) },
      503: { description: 'Some part does not', content: jsonContent(HEALTH_SCHEMA) },
    },
  },
  handler: async ({ env }) => {
    const results = await recentResults(env)
    const pass = results.every(([, result]) => result === 'pass')
    const body = { status: pass ? 'pass' : 'fail', checks: Object.fromEntries(results) }
    return json(body, pass ? 200 : 503)
  },
}

type Results = readonly (readonly [name: string, result: string])[]

/** Everybody may ask, as often as they like: each isolate looks so often, in milliseconds. */
export const HEALTH_MS = 3000
let recent: { readonly at: number; readonly results: Results } | undefined

/** What was found, not what is being looked for: a request that is cut off must not hold up others. */
async function recentResults(env: Env): Promise<Results> {
  const now = Date.now()
  if (recent !== undefined && now - recent.at < HEALTH_MS) return recent.results
  const results = await Promise.all(
    Object.entries(CHECKS).map(async ([name, check]) => [name, await run(check, env)] as const),
  )
  recent = { at: now, results }
  return results
}

/** For tests, which change what there is between two looks. */
export function forgetHealth(): void {
  recent = undefined
}

async function run(check: Check, env: Env): Promise<string> {
  try {
    await check(env)
    return 'pass'
  } catch (error) {
    // Only faults are worded for outsiders.
    if (error instanceof RegistryError) return error.message
    console.error('health:', error)
    return 'does not answer'
  }
}
