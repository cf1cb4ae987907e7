// /api/v1/deployment/probe: what this code takes for granted of the platform, tried where it runs.
import { createHash } from 'node:crypto'
import {
  demand,
  type Finding,
  probeDatabase,
  probeStore,
  timed,
  tryAll,
} from '../core/deployment/probe.ts'
import { type Edge, keyOf } from '../core/edge-cache.ts'
import { invalidRequest, RegistryError } from '../core/errors.ts'
import { loadKeySet } from '../core/signing-keys.ts'
import { type Env, objectsOf, secretsOf } from '../env.ts'
import { quote } from '../formats/format-error.ts'
import { edgeOf } from '../http/edge.ts'
import type { Call, Endpoint } from '../http/endpoint.ts'
import { jsonContent, listSchema, objectSchema, TEXT } from '../http/operation.ts'
import { DEPLOYMENT } from './bucket.ts'
import { json } from './json.ts'

const PARTS: Readonly<Record<string, (call: Call) => Promise<Finding[]>>> = {
  database: ({ env }) => probeDatabase(env.DB),
  store: ({ env }) => probeStore(env.BLOBS),
  object: ({ env }) => probeObject(env),
  cache: (call) => probeCache(edgeOf(call)),
  limiter: ({ env }) => probeLimiter(env),
}

const FINDINGS_SCHEMA = objectSchema('ProbeFindings', {
  findings: listSchema(
    objectSchema('ProbeFinding', {
      assumption: TEXT,
      holds: { type: 'boolean' },
      found: { ...TEXT, description: 'With its figure.' },
    }),
  ),
})

export const probeEndpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: `${DEPLOYMENT}/probe/:part`,
    access: 'deployment-admin',
    summary: 'Try what is taken for granted of a part of the platform; leaves nothing behind',
    operation: {
      id: 'probePlatform',
      tag: 'deployment',
      path: { part: { type: 'string', enum: [...Object.keys(PARTS), 'computation'] } },
      query: {
        rounds: {
          description: 'Of `computation`: how much, from 0 to 50.',
          schema: { type: 'integer', minimum: 0, maximum: 50 },
        },
      },
      answers: { 200: { description: 'What was found', content: jsonContent(FINDINGS_SCHEMA) } },
      faults: ['invalid-request', 'not-found'],
    },
    handler: probe,
  },
]

async function probe(call: Call): Promise<Response> {
  const { env, params, url } = call
  const { part = '' } = params
  const rounds = roundsOf(url)
  if (part === 'computation') return json({ findings: compute(env, rounds) })
  const run = Object.hasOwn(PARTS, part) ? PARTS[part] : undefined
  if (run === undefined) {
    throw new RegistryError({ code: 'not-found', detail: `no part to probe: ${quote(part)}` })
  }
  return json({ findings: await run(call) })
}

function roundsOf(url: URL): number {
  const text = url.searchParams.get('rounds') ?? '0'
  if (/^\d{1,2}$/.test(text) && Number(text) <= 50) return Number(text)
  throw invalidRequest('rounds must be a number from 0 to 50')
}

function probeObject(env: Env): Promise<Finding[]> {
  const stub = objectsOf(env).getByName('probe')
  return tryAll([
    {
      assumption: 'A Durable Object answers for the first time',
      run: () => timed(() => stub.ping(), 1),
    },
    { assumption: 'A Durable Object answers', run: () => timed(() => stub.ping()) },
  ])
}

function probeCache(edge: Edge): Promise<Finding[]> {
  const key = keyOf(edge, `blob probe ${crypto.randomUUID()}`)
  const bytes = new Uint8Array(1000)
  return tryAll([
    {
      assumption: 'The cache of the data centre keeps what it is given, on this host',
      run: async () => {
        const headers = { 'cache-control': 'public, max-age=60', 'content-length': '1000' }
        const stored = await timed(
          () => caches.default.put(key, new Response(bytes, { headers })),
          1,
        )
        const found = await caches.default.match(key)
        const { byteLength } = (await found?.arrayBuffer()) ?? { byteLength: -1 }
        demand(byteLength === 1000, 'it keeps nothing: every download reads R2')
        const read = await timed(async () => (await caches.default.match(key))?.arrayBuffer())
        return `stored in ${stored}; found in ${read}`
      },
    },
    {
      assumption: 'The cache answers a range with 206 and its length',
      run: async () => {
        const range = new Request(key, { headers: { range: 'bytes=10-19' } })
        const found = await caches.default.match(range)
        const length = found?.headers.get('content-length')
        await found?.body?.cancel()
        await caches.default.delete(key)
        demand(found?.status === 206 && length === '10', `it answers ${found?.status ?? 'nothing'}`)
        return '206 of 10 bytes'
      },
    },
  ])
}

function probeLimiter({ WRONG_CREDENTIALS }: Env): Promise<Finding[]> {
  const key = `probe ${crypto.randomUUID()}`
  return tryAll([
    {
      assumption: 'The limiter of wrong credentials lets a first one pass',
      run: async () => {
        const { success } = await WRONG_CREDENTIALS.limit({ key })
        demand(success, 'it refuses what it has never seen')
        return timed(() => WRONG_CREDENTIALS.limit({ key }), 5)
      },
    },
  ])
}

/**
 * A Worker's clock stands still while it computes: whoever asks measures, with few rounds and with many.
 * Each is the hashing of 4 MiB by the four digests of an upload, and two signatures by the deployment's key.
 */
function compute(env: Env, rounds: number): Finding[] {
  const mebibyte = new Uint8Array(1024 * 1024)
  const [key] = loadKeySet(secretsOf(env), null, 'cairn').keys
  const hashes = ['md5', 'sha1', 'sha256', 'sha512'].map((name) => createHash(name))
  for (let round = 0; round < rounds; round++) {
    for (const hash of hashes) for (let part = 0; part < 4; part++) hash.update(mebibyte)
    for (const algorithm of ['SHA-1', 'SHA-256'] as const) {
      const signature = key.startSignature(algorithm)
      signature.update(mebibyte.subarray(0, 1000))
      signature.finish()
    }
  }
  const found = `${rounds} rounds: ${hashes.map((hash) => hash.digest('hex').slice(0, 8)).join(' ')}`
  return [{ assumption: 'A Worker computes digests and signatures', holds: true, found }]
}
