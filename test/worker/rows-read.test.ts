import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { endpoints } from '../../src/app.ts'
import { clearOverrides } from '../support/worker/bindings.ts'
import { answerOf, createOwner } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { countRowsRead } from '../support/worker/rows-read.ts'
import { seedMany } from '../support/worker/seed-many.ts'
import { parametersOf, samples } from '../types/samples.ts'

// What somebody without credentials can make the database read: by every endpoint, few packages or very many.

const FEW = 10
const MANY = 25_000
/**
 * Rows of a request. A list of 100 has some 10 each, a package 1,000 that need it; a search looks at 1,000 names, and a page deep in a
 * list passes over 10,000 entries of an index.
 */
const BOUND = { usual: 4_500, search: 15_000, deep: 15_000 }

const API = '/api/v1/packages/acme'
const HISTORY = '/api/v1/owners/acme/history'
const SEARCH = '/api/packages/acme/npm/-/v1/search'
const CRATES = '/api/packages/acme/cargo/api/v1/crates'

const LISTS: Readonly<Record<keyof typeof BOUND, readonly string[]>> = {
  usual: [
    ...['', '?limit=1', '?limit=100', '?type=npm', '?type=none', '?repository=edge/main'],
    ...['?type=alpine&repository=edge/main&limit=100', '?repository=edge/none'],
    ...['/generic/many-versions', '/generic/many-versions?limit=100', '/generic/many-versions/v1'],
    ...['/generic/many-versions/-/latest', '/generic/many-files/1'],
    ...['/generic/many-files/1/files', '/generic/many-files/1/files?limit=100'],
  ]
    .map((query) => `${API}${query}`)
    .concat(
      ...[HISTORY, `${HISTORY}?limit=100`, `${HISTORY}?limit=100&after=${Date.now()}.z`],
      ...[`${HISTORY}?limit=100&after=1.generic`, `${HISTORY}.atom`, '/acme/-/history'],
    ),
  search: [
    ...[
      'seed',
      'e',
      'seed-00',
      '00001',
      'absent',
      'xyzzy',
      '-',
      'SEED',
      'described',
      'described%20s',
      // Letters with which pieces and words of every package begin; and as many words as are looked for, which all have.
      ...['d', 's', 'd%20de%20des%20desc%20descr%20descri', 'seed%20described%20absent'],
    ].flatMap((text) => [
      ...[`${API}?q=${text}`, `${API}?q=${text}&repository=edge/main`, `${API}?q=${text}&type=npm`],
      ...[
        `/acme?q=${text}`,
        `/acme?q=${text}&sort=newest`,
        `/acme?q=${text}&type=cargo&sort=newest`,
      ],
      ...[`/acme?q=${text}&repository=edge/main`, `${SEARCH}?text=${text}`, `${CRATES}?q=${text}`],
    ]),
    ...[`${API}?q=many`, '/acme?sort=newest', '/acme?sort=newest&repository=edge/main'],
    ...['/acme?sort=newest&page=20', '/acme?sort=newest&type=npm', '/acme?type=alpine'],
    ...['/acme?repository=edge/main', '/acme/-/packages/generic/many-versions'],
    ...[
      '',
      '?q=seed',
      '?q=absent',
      '?sort=newest',
      '?q=e&sort=newest',
      '?after=alpine%20seed-00005',
    ].map((query) => `/acme/-/alpine/edge/main${query}`),
    ...['/acme?after=alpine%20seed-00005', '/acme?repository=edge/main&after=alpine%20seed-00005'],
    '/acme/-/packages/alpine/hello?from=edge/main',
    ...['/acme/-/packages/generic/many-files', '/acme/-/versions/generic/many-versions'],
    ...['/acme/-/packages/generic/many-versions/v7', '/acme/-/packages/alpine/hello'],
    ...[`${SEARCH}?size=250`, `${CRATES}?per_page=100`],
  ],
  deep: [
    ...['?page=100&limit=100', '?page=1000000', '?page=200&type=npm', '?page=250&limit=100'],
    ...['?page=250&limit=100&repository=edge/main', '?page=10&limit=100&q=seed'],
    ...['/generic/many-versions?page=250&limit=100'],
    ...['/generic/many-files/1/files?page=250&limit=100'],
  ]
    .map((query) => `${API}${query}`)
    .concat(
      ...['/acme?page=334', '/acme?page=334&repository=edge/main', '/acme?page=334&sort=newest'],
      ...['/acme/-/alpine/edge/main?page=334', '/acme?page=334&type=npm'],
      ...['/acme/-/versions/generic/many-versions?page=200', '/?page=200'],
      ...[`${SEARCH}?from=10000&size=250`, `${CRATES}?page=100&per_page=100`],
    ),
}

const PARAMETERS: Readonly<Record<string, string>> = {
  ...{ owner: 'acme', id: 'absent', digest: '0123456789abcdef.css', type: samples[0]?.type ?? '' },
  ...{ name: 'hello', version: '1-r0', sha256: digestOf(samples[0]?.first.bytes) },
}

function digestOf(bytes: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex')
}

/** Every path that may be read without credentials, by its descriptor: nobody has to think of a new one. */
const OPEN = endpoints
  .filter(({ method, access }) => method === 'GET' && (access === 'open' || access === 'read'))
  .flatMap(({ path, aliases = [] }) => [path, ...aliases])
  .map((template) => {
    const parameters = { ...PARAMETERS, ...parametersOf(template) }
    return template.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => parameters[name] ?? 'x')
  })

const CASES = [
  ...[...OPEN, ...LISTS.usual].map((path) => ({ path, bound: BOUND.usual })),
  ...LISTS.search.map((path) => ({ path, bound: BOUND.search })),
  ...LISTS.deep.map((path) => ({ path, bound: BOUND.deep })),
]

async function readAll(): Promise<Map<string, { status: number; rows: number }>> {
  const found = new Map<string, { status: number; rows: number }>()
  // The migrations are read once per isolate.
  await answerOf('/api/healthz')
  for (const { path } of CASES) {
    const seen = countRowsRead()
    const { status } = await answerOf(path)
    clearOverrides()
    // Of a path that comes twice the second answer may be kept at the edge.
    found.set(path, { status, rows: Math.max(seen.rows, found.get(path)?.rows ?? 0) })
  }
  return found
}

it('does not grow with what the database holds, whatever is asked for', async () => {
  await createOwner()
  for (const sample of samples) {
    const { status } = await answerTo(sample.publish(sample.first))
    expect(status).toBe(sample.statuses.published)
  }
  await seedMany(0, FEW)
  const few = await readAll()
  await seedMany(FEW, MANY)
  // Else what is kept at the edge of the history, whose newest change is the same, would answer.
  for (const sample of samples) {
    const { status } = await answerTo(sample.publish(sample.second))
    expect(status).toBe(sample.statuses.published)
  }
  const many = await readAll()
  const read = CASES.map(({ path, bound }) => {
    const [before, after] = [few.get(path), many.get(path)]
    return {
      path,
      bound,
      status: [before?.status, after?.status],
      rows: [before?.rows, after?.rows],
    }
  })
  const lines = read.map(({ path, status, rows }) => `${rows.join(' | ')} | ${status[1]} | ${path}`)
  console.info(`rows read with ${FEW} and with ${MANY} packages of each type\n${lines.join('\n')}`)
  const within = (rows: number | undefined, bound: number) => rows !== undefined && rows <= bound
  expect(read.filter(({ rows, bound }) => !rows.every((each) => within(each, bound)))).toEqual([])
  expect(read.filter(({ status }) => Number(status[1]) >= 500)).toEqual([])
})
