// A client of the registry of `acme` in the tests of the runtime, as cargo asks it.
import { expect } from 'vitest'
import { ADMIN, answerOf } from '../../support/worker/registry.ts'
import { buildPublish, type CrateSpec } from './builder.ts'
import { CARGO } from './index-reader.ts'

export const CRATES = `${CARGO}/api/v1/crates`

/** Status, and of a refusal what cargo shows; else the body. */
export async function ask(
  method: string,
  path: string,
  { headers = ADMIN, body }: { headers?: HeadersInit; body?: Uint8Array | string } = {},
) {
  const init = { method, headers, ...(body === undefined ? {} : { body }) }
  const answer = await answerOf(path, init)
  if (answer.status < 400) return { ...answer, said: `${answer.status} ${answer.text}` }
  expect(answer.headers.get('content-type')).toBe('application/json')
  const { ok, errors } = JSON.parse(answer.text) as { ok: boolean; errors: { detail: string }[] }
  expect([ok, errors.length]).toEqual([false, 1])
  return { ...answer, said: `${answer.status} ${errors[0]?.detail}` }
}

export function publish(spec: CrateSpec = {}, headers: HeadersInit = ADMIN) {
  return ask('PUT', `${CRATES}/new`, { headers, body: buildPublish(spec) })
}

export async function mustPublish(...specs: readonly CrateSpec[]): Promise<void> {
  for (const spec of specs) expect((await publish(spec)).said).toMatch(/^200 \{"ok":true,/)
}
