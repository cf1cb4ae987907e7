// Every history of clients that read documents through the edge, while others publish, remove and move tags,
// is linearizable: no version that was acknowledged is missing, none that was removed comes back, and no ETag
// has two texts. VITE_HISTORY_SEED=… makes the same choices again (what overlaps what may differ).
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it, vi } from 'vitest'
import {
  DocumentRecorder,
  type DocumentSend,
  type ReadDocument,
  type Reading,
} from '../support/linearizability/document-workload.ts'
import { Random } from '../support/linearizability/random.ts'
import { checkRounds } from '../support/linearizability/rounds.ts'
import { clearOverrides, override, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, createOwner, send } from '../support/worker/registry.ts'
import { DOCUMENT_TYPE, type StandInDocument } from '../support/worker/stand-ins/documents.ts'

const given = process.env.VITE_HISTORY_SEED
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)

const BASE = `/api/packages/acme/${DOCUMENT_TYPE}`

beforeEach(() => createOwner())

async function ask(method: string, path: string, body?: string) {
  const init = { method, headers: ADMIN, ...(body === undefined ? {} : { body }) }
  const response = await send(`${BASE}/${path}`, init)
  return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
}

const clientOf = (name: string): DocumentSend => ({
  publish: (version, content) => ask('PUT', `${name}/${version}/f`, content),
  remove: (version) => ask('DELETE', `${name}/${version}`),
  point: (tag, version) => ask('PUT', `-/tag/${name}/${tag}`, version),
  async read(copy) {
    const headers = copy === undefined ? {} : { 'if-none-match': copy }
    const response = await send(`${BASE}/-/package/${name}`, { headers })
    const isHit = /cache;desc=hit/.test(response.headers.get('server-timing') ?? '')
    const body = new Uint8Array(await response.arrayBuffer())
    return { status: response.status, body, etag: response.headers.get('etag') ?? '', isHit }
  },
})

function parse(text: string): ReadDocument {
  const { files, tags } = JSON.parse(text) as StandInDocument
  return {
    files: Object.fromEntries(files.map(({ version, metadata }) => [version, metadata])),
    // As they were published.
    tags: Object.fromEntries(Object.entries(tags).map(([tag, version]) => [tag, version.slice(1)])),
  }
}

/** How often documents were read in which way. */
async function run(name: string, rounds: number): Promise<Partial<Record<Reading, number>>> {
  const recorders: DocumentRecorder[] = []
  const begin = (round: number) => {
    const recorder = new DocumentRecorder(clientOf(`p${round}`), parse)
    recorders.push(recorder)
    return recorder
  }
  await checkRounds(name, { seed, rounds, clients: 5, operations: 8, begin })
  const counts: Partial<Record<Reading, number>> = {}
  for (const reading of recorders.flatMap(({ readings }) => readings)) {
    counts[reading] = (counts[reading] ?? 0) + 1
  }
  console.info(name, JSON.stringify(counts))
  return counts
}

it('without faults', async () => {
  const counts = await run('documents', 20)
  for (const reading of ['hit', 'miss', 'current', 'none'] as const) {
    expect([reading, (counts[reading] ?? 0) > 0]).toEqual([reading, true])
  }
  expect(counts.failed).toBe(undefined)
  await expectConsistent()
})

it('with batches whose answers are lost, and that fail', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const random = new Random(seed)
  // Of two removals of one file whose answers were lost both say that it is gone, which is right and would be no
  // history of single removals.
  const removals = new WeakSet<D1PreparedStatement>()
  const prepare: D1Database['prepare'] = (sql) => {
    const statement = env.DB.prepare(sql)
    if (!sql.startsWith('DELETE FROM package_file')) return statement
    return wrapMethod(statement, 'bind', (...values) => {
      const bound = statement.bind(...values)
      removals.add(bound)
      return bound
    })
  }
  const batch: D1Database['batch'] = async <T>(statements: D1PreparedStatement[]) => {
    if (statements.some((statement) => removals.has(statement))) return env.DB.batch<T>(statements)
    if (random.chance(0.05)) throw new Error('planted: the batch was lost')
    const results = await env.DB.batch<T>(statements)
    if (random.chance(0.15)) throw new Error('planted: the answer was lost')
    return results
  }
  override({ DB: wrapMethod(wrapMethod(env.DB, 'prepare', prepare), 'batch', batch) })
  const counts = await run('documents with faults', 20)
  expect(counts.failed).toBeGreaterThan(0)
  clearOverrides()
  vi.restoreAllMocks()
  await expectConsistent()
})
