// As much of Cloudflare's API, on loopback, as wrangler asks of it for a setup and a deployment. The
// database is a real SQLite, so that migrations are really applied, and which ones is remembered.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'

export interface Cloudflare extends AsyncDisposable {
  /** By which wrangler goes there. */
  env: Readonly<Record<string, string>>
  secrets: ReadonlyMap<string, string>
  database: DatabaseSync
  /** What changed something, in order: `upload`, or the SQL of a query. */
  events: string[]
  /** Regions that were asked for, by what was made; none where it was to be near who made it. */
  regions: ReadonlyMap<string, string>
}

type Result = { status?: number; result?: unknown; code?: number }

export async function startCloudflare(): Promise<Cloudflare> {
  const secrets = new Map<string, string>()
  const database = new DatabaseSync(':memory:')
  const events: string[] = []
  const regions = new Map<string, string>()
  const made: Record<'worker' | 'database' | 'bucket', boolean> = {
    worker: false,
    database: false,
    bucket: false,
  }
  const record = { uuid: '11111111-1111-1111-1111-111111111111', name: 'cairn' }
  const worker = { id: 'cairn', default_environment: { environment: 'production', script: {} } }
  const found = (there: boolean, result: unknown, code: number): Result =>
    there ? { result } : { status: 404, code }
  const make = (what: keyof typeof made): Result => {
    made[what] = true
    return { result: what === 'database' ? record : { id: 'cairn', startup_time_ms: 1 } }
  }
  const makeIn = (what: 'database' | 'bucket', region: string | undefined): Result => {
    if (made[what]) return { status: 400, code: what === 'database' ? 7502 : 10_004 }
    if (region !== undefined) regions.set(what, region)
    return make(what)
  }
  const query = (sql: string): Result => {
    events.push(sql)
    const rows = /^\s*SELECT/i.test(sql) ? database.prepare(sql).all() : database.exec(sql)
    return { result: [{ results: rows ?? [], success: true, meta: { duration: 1 } }] }
  }
  const answers: Record<string, (body: string) => Result> = {
    'GET /workers/scripts/cairn/secrets': () =>
      found(
        made.worker,
        [...secrets.keys()].map((name) => ({ name })),
        10_007,
      ),
    'PUT /workers/scripts/cairn/secrets': (body) => {
      const { name, text } = JSON.parse(body)
      if (made.worker) secrets.set(name, text)
      return found(made.worker, { name }, 10_007)
    },
    'PUT /workers/scripts/cairn': (body) => {
      // The empty Worker that holds secrets before a deployment is another upload.
      if (body.includes('"REPOSITORY"')) events.push('upload')
      return make('worker')
    },
    'GET /workers/services/cairn': () => found(made.worker, worker, 10_007),
    'GET /workers/scripts/cairn/settings': () => found(made.worker, { bindings: [] }, 10_007),
    'GET /workers/scripts/cairn/deployments': () => ({ result: { deployments: [] } }),
    'POST /workers/scripts/cairn/subdomain': () => ({ result: { enabled: false } }),
    'PUT /workers/scripts/cairn/schedules': () => ({ result: { schedules: [] } }),
    'GET /workers/workers/cairn': () => ({
      result: { id: 'cairn', subdomain: { enabled: false }, references: { domains: [] } },
    }),
    'GET /r2/buckets/cairn-blobs': () => found(made.bucket, {}, 10_006),
    'GET /r2/buckets': () => ({ result: { buckets: [] } }),
    'POST /r2/buckets': (body) => makeIn('bucket', JSON.parse(body).locationHint),
    'GET /d1/database/cairn': () => found(made.database, record, 7404),
    'GET /d1/database': () => ({ result: made.database ? [record] : [] }),
    'POST /d1/database': (body) => makeIn('database', JSON.parse(body).primary_location_hint),
    [`POST /d1/database/${record.uuid}/query`]: (body) => query(JSON.parse(body).sql),
  }
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '', 'http://api').pathname.replace('/accounts/mine', '')
    const answer = answers[`${request.method} ${path}`]
    const {
      status = 200,
      result = null,
      code,
    } = answer?.(await text(request)) ?? { status: 404, code: 7003 }
    const errors = code === undefined ? [] : [{ code, message: `${request.method} ${path}` }]
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ success: code === undefined, errors, messages: [], result }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
      CLOUDFLARE_API_TOKEN: 'a-token',
      CLOUDFLARE_ACCOUNT_ID: 'mine',
    },
    secrets,
    database,
    events,
    regions,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      database.close()
    },
  }
}
