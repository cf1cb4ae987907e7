// Every call that an operation makes to R2, D1 or the Durable Object fails once, before and after it
// took effect. The calls are counted by a run without a fault, so that a new one is tested too.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { namedKey } from '../../../src/core/blobs/keys.ts'
import { sweep, UNREFERENCED_MS } from '../../../src/core/blobs/sweep.ts'
import { forgetDeployment } from '../../../src/core/deployment/marker.ts'
import { samples, withNeighbour } from '../../types/samples.ts'
import type { SampleFile, TypeSample } from '../../types/type-sample.ts'
import { clearOverrides } from './bindings.ts'
import { findInconsistencies } from './consistency.ts'
import { injectFault, type Moment } from './faults.ts'
import { createOwner, listKeys, tokenOf } from './registry.ts'
import { answerTo, chunked, withQuery } from './requests.ts'

const HOUR = 60 * 60 * 1000

export interface Operation {
  /** Of the types that the registry has files of. */
  readonly samples: readonly TypeSample[]
  readonly prepare?: () => Promise<unknown>
  readonly run: () => Promise<{ status: number; text: string }>
  readonly success: number
  /** Whether what the operation wants is the case. */
  readonly done: () => Promise<boolean>
}

let tokenHeaders: HeadersInit = {}

async function publishFirst(sample: TypeSample, file: SampleFile): Promise<void> {
  expect((await answerTo(sample.publish(file))).status).toBe(sample.statuses.published)
}

function operationsOf(
  sample: TypeSample,
  present: readonly TypeSample[],
): Record<string, Operation> {
  const { first, large, statuses, repeatQuery } = sample
  const neighbours = { samples: present }
  const published = {
    ...neighbours,
    success: statuses.published,
    done: () => sample.isPublished(first),
  }
  const send = (file: SampleFile) => answerTo(sample.publish(file))
  const sendChunked = async (file: SampleFile) => answerTo(await chunked(sample.publish(file)))
  const before = () => publishFirst(sample, first)
  return {
    'a publish': { run: () => send(first), ...published },
    'a publish with a token': {
      prepare: async () => {
        tokenHeaders = (await tokenOf('acme', { scopes: ['write'] })).headers
      },
      run: () => answerTo(sample.publish(first), tokenHeaders),
      ...published,
    },
    'a publish that asks whose bucket it is': {
      run: () => {
        forgetDeployment()
        return send(first)
      },
      ...published,
    },
    'a publish that streams': { run: () => send(large), ...published },
    'a chunked publish': { run: () => sendChunked(first), ...published },
    'a chunked publish in parts': { run: () => sendChunked(large), ...published },
    ...(repeatQuery === undefined
      ? {}
      : {
          'a publish of the same bytes': {
            prepare: before,
            run: async () => answerTo(await withQuery(sample.publish(first), repeatQuery)),
            success: statuses.repeated,
            ...neighbours,
            done: published.done,
          },
        }),
    'a removal': {
      prepare: before,
      run: () => answerTo(sample.remove(first)),
      success: statuses.removed,
      ...neighbours,
      done: async () => !(await sample.isPublished(first)),
    },
  }
}

/** Rows, indexes and objects agree; after the sweep there is no object that no row names. */
async function expectSound(present: readonly TypeSample[]): Promise<void> {
  expect(await findInconsistencies()).toEqual([])
  for (const sample of present) await sample.expectSound()
  for (const time of [5 * HOUR, UNREFERENCED_MS + 5 * HOUR]) {
    await sweep(env.DB, env.BLOBS, Date.now() + time)
  }
  const { results } = await env.DB.prepare(
    'SELECT r2_key FROM package_blob UNION ALL SELECT r2_key FROM repository_index ORDER BY 1',
  ).all()
  const keys = new Set((await listKeys()).map(namedKey))
  expect([...keys].sort()).toEqual(results.map((row) => row.r2_key))
}

/** Each of the types has a file already: the first file of a type makes more rows than the second. */
async function start({ prepare, samples: present }: Operation): Promise<void> {
  await createOwner()
  for (const sample of present) await publishFirst(sample, sample.second)
  await prepare?.()
}

/** What clients do with files of the type. */
export function describeFaultsOf(type: string): void {
  const sample = samples.find((each) => each.type === type)
  if (sample === undefined) throw new Error(`the type ${type} is not registered`)
  describeFaultsOfSample(type, sample, withNeighbour(sample))
}

/**
 * @param present the types that the registry has files of, this one among them
 * @param titles the operations, where not all are of interest: each takes a minute or so
 */
export function describeFaultsOfSample(
  type: string,
  sample: TypeSample,
  present: readonly TypeSample[] = [sample],
  titles?: readonly string[],
): void {
  const all = Object.entries(operationsOf(sample, present))
  const named = all.filter(([title]) => titles?.includes(title) ?? true)
  expect(named.length).toBe(titles?.length ?? all.length)
  describeFaults(named.map(([title, operation]) => [`${title} (${type})`, operation]))
}

export function describeFaults(operations: readonly (readonly [string, Operation])[]): void {
  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
  })

  describe.each(operations)('%s', (_, operation) => {
    it('survives the failure of any one of its calls, before and after its effect', () =>
      expectSurvival(operation))
  })
}

async function expectSurvival(operation: Operation): Promise<void> {
  await start(operation)
  const counted = injectFault({})
  expect((await operation.run()).status).toBe(operation.success)
  const total = counted.length
  expect(total).toBeGreaterThan(1)
  const seen: string[] = []
  for (let call = 0; call < total; call++) {
    for (const moment of ['before', 'after'] as const)
      seen.push(await failAt(operation, call, moment))
  }
  // A fault that is never noticed tests nothing.
  expect(seen.some((line) => line.endsWith(' 503'))).toBe(true)
}

async function failAt(operation: Operation, call: number, moment: Moment): Promise<string> {
  await freshRegistry()
  await start(operation)
  const calls = injectFault({ call, moment })
  const { status, text } = await operation.run()
  const what = `${calls[call]} failing ${moment}: ${status}`
  clearOverrides()
  const done = await operation.done()
  // A success is true; anything else is an outage that says so, and may have taken effect.
  if (status === operation.success) expect([what, done]).toEqual([what, true])
  else expect([what, status, text.length > 0]).toEqual([what, 503, true])
  if (status === 503) await expectRetryWorks(operation, done, what)
  expect([what, await operation.done()]).toEqual([what, true])
  await expectSound(operation.samples)
  for (const sample of operation.samples) {
    const { status: removed } = await answerTo(sample.remove(sample.second))
    expect(removed).toBe(sample.statuses.removed)
    await publishFirst(sample, sample.second)
  }
  return what
}

/** The retry of what happened already says so, in its own way; of what did not, succeeds. */
async function expectRetryWorks(
  { run, success }: Operation,
  done: boolean,
  what: string,
): Promise<void> {
  const { status } = await run()
  const repeated = [success, 200, 404, 409]
  expect([what, done ? repeated.includes(status) : status === success]).toEqual([what, true])
}

async function freshRegistry(): Promise<void> {
  clearOverrides()
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '*_[cC][fF]_*' AND name NOT LIKE 'd1_%' AND name NOT LIKE 'sqlite_%' AND name <> 'deployment'",
  ).all<{ name: string }>()
  await env.DB.batch([
    env.DB.prepare('PRAGMA defer_foreign_keys = on'),
    ...results.map(({ name }) => env.DB.prepare(`DELETE FROM "${name}"`)),
  ])
  const keys = await listKeys()
  if (keys.length > 0) await env.BLOBS.delete(keys)
}
