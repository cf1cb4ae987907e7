import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, listKeys } from '../support/worker/registry.ts'

interface Finding {
  assumption: string
  holds: boolean
  found: string
}

async function probe(part: string): Promise<Finding[]> {
  const path = `/api/v1/deployment/probe/${part}`
  const { status, text } = await answerOf(path, { method: 'POST', headers: ADMIN })
  expect(`${status} ${text}`).toMatch(/^200 /)
  return JSON.parse(text).findings
}

const failing = (findings: readonly Finding[]) =>
  findings.filter(({ holds }) => !holds).map(({ assumption, found }) => `${assumption}: ${found}`)

it.each([
  ['database', 8],
  ['store', 11],
  ['object', 2],
  ['cache', 2],
  ['limiter', 1],
  ['computation?rounds=1', 1],
] as const)(
  '%s holds in the local runtime, each with a figure, and leaves nothing',
  async (part, count) => {
    const findings = await probe(part)
    expect(failing(findings)).toEqual([])
    expect(findings).toHaveLength(count)
    for (const { found } of findings) expect(found).not.toBe('')
    expect(await listKeys()).toEqual([])
    expect(await env.DB.prepare('SELECT count(*) AS n FROM expectation').first('n')).toBe(0)
  },
)

it('what does not hold is named, and the rest is tried all the same', async () => {
  // A store that knows no conditions and compares no digests.
  const put = ((key: string, value: never) => env.BLOBS.put(key, value)) as R2Bucket['put']
  override({ BLOBS: wrapMethod(env.BLOBS, 'put', put) })
  expect(failing(await probe('store'))).toEqual([
    'R2 leaves an object alone that a put with If-None-Match finds: it was written over',
    'R2 refuses bytes that have another SHA-256 than was said: it took them',
    'R2 keeps the SHA-256 that was said: it has none',
    expect.stringMatching(
      /^R2 takes \d+ bytes of metadata with an object: undefined of them came back$/,
    ),
  ])
  override({ DB: wrapMethod(env.DB, 'batch', () => Promise.reject(new Error('outage'))) })
  expect(failing(await probe('database'))).toEqual([
    'D1 commits a batch that writes: outage',
    expect.stringMatching(/^D1 undoes all .*: the error does not name it: outage$/),
  ])
})

it('asks for what there is', async () => {
  for (const [part, expected] of [
    ['nothing', 404],
    ['computation?rounds=51', 400],
    ['computation?rounds=x', 400],
  ] as const) {
    const path = `/api/v1/deployment/probe/${part}`
    expect((await answerOf(path, { method: 'POST', headers: ADMIN })).status).toBe(expected)
  }
})
