// The fuzzer's half over HTTP: no request is a 5xx, what is refused says so in one line that may be
// printed, and a refused change leaves rows and objects as they were.
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import { type FuzzedRequest, publishRequest, request } from '../../fuzz/requests.ts'
import { fuzz, fuzzTimeout } from '../../fuzz/settings.ts'
import { countRows, createOwner, listKeys, send } from '../../support/worker/registry.ts'
import { publish } from './repository.ts'

beforeEach(async () => {
  await createOwner()
  await publish()
})

const printable = /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{5,2000}\n$/u

/** Every row that a request might have changed, and every object. */
async function stateOf() {
  const others = await env.DB.prepare(
    `SELECT (SELECT json_group_array(json_array(name, visibility, signing_key)) FROM owner) AS owners,
       (SELECT count(*) FROM access_token) AS tokens,
       (SELECT json_group_array(head) FROM repository) AS heads`,
  ).first()
  return { ...others, ...(await countRows()), keys: (await listKeys()).sort() }
}

async function check({ method, path, headers, body }: FuzzedRequest, counts: { taken: number }) {
  const url = `https://registry.test${path}`
  // No client can ask for it either.
  if (!URL.canParse(url)) return
  const changes = !['GET', 'HEAD'].includes(method)
  const before = changes ? await stateOf() : undefined
  const init = { method, headers, ...(body === undefined ? {} : { body }) }
  const response = await send(url, init)
  const answer = await response.text()
  const shown = `${method} ${path.slice(0, 300)}: ${response.status} ${answer.slice(0, 500)}`
  expect(response.status, shown).toBeLessThan(500)
  if (response.status < 300) counts.taken += 1
  if (response.status < 400 || method === 'HEAD') return
  if (response.headers.get('content-type') === 'application/problem+json') {
    const problem = JSON.parse(answer)
    expect(problem.status, shown).toBe(response.status)
    expect(`${problem.detail}\n`, shown).toMatch(printable)
  } else expect(answer, shown).toMatch(printable)
  if (before !== undefined) expect(await stateOf(), shown).toEqual(before)
}

for (const [title, arbitrary, ordinary] of [
  ['requests', request, 300],
  ['publishes', publishRequest, 150],
] as const)
  it(title, { timeout: fuzzTimeout }, async () => {
    const counts = { taken: 0 }
    const property = fc.asyncProperty(arbitrary, (each) => check(each, counts))
    await fuzz(`${title} over HTTP`, property, ordinary, () => counts)
    expect(counts.taken).toBeGreaterThan(0)
  })
