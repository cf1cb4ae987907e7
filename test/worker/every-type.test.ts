import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { endpoints } from '../../src/app.ts'
import { sweep, UNREFERENCED_MS } from '../../src/core/blobs/sweep.ts'
import { packageTypes } from '../../src/types/registration.ts'
import type { PackageType } from '../../src/types/type.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  expectNothing,
  listKeys,
  send,
  tokenOf,
} from '../support/worker/registry.ts'
import { answerTo, withBody, withQuery } from '../support/worker/requests.ts'
import { parametersOf, samples } from '../types/samples.ts'
import type { SampleFile, TypeSample } from '../types/type-sample.ts'

// What holds for every package type, whatever it is.

beforeEach(() => createOwner())

/** No control, direction or separator characters, and so no second line. */
const ONE_LINE = /^[^\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+$/u

describe.each(samples)('$type', (sample) => {
  const { first, second, conflicting, isPublished, statuses, says, repeatQuery } = sample
  /** The text as the type's clients show it. */
  const shown = async (answer: ReturnType<typeof answerTo>) => {
    const { status, text, headers } = await answer
    return { status, text: status < 400 ? text : (sample.shows?.(text) ?? text), headers }
  }
  const publish = (file: SampleFile, headers: HeadersInit = ADMIN) =>
    shown(answerTo(sample.publish(file), headers))
  const publishWith = async (file: SampleFile, query: string) =>
    shown(answerTo(await withQuery(sample.publish(file), query)))
  const remove = (file: SampleFile, headers: HeadersInit = ADMIN) =>
    shown(answerTo(sample.remove(file), headers))
  const found = packageTypes.find(({ type }) => type === sample.type) as PackageType

  it('publishes a file, serves its bytes and removes it', async () => {
    const created = await publish(first)
    expect(created.status).toBe(statuses.published)
    expect(created.headers.get('location')).toBe(first.path)
    expect(created.text).toMatch(ONE_LINE)
    expect(await isPublished(first)).toBe(true)
    const response = await send(first.path)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(first.bytes)
    const removed = await remove(first)
    expect(removed.status).toBe(statuses.removed)
    if (removed.status === 204) expect(removed.text).toBe('')
    expect(await isPublished(first)).toBe(false)
    expect((await remove(first)).status).toBe(404)
    await expectConsistent()
    await sample.expectSound()
  })

  it('answers HEAD, conditions and ranges', async () => {
    await publish(first)
    const whole = await send(first.path)
    const { length } = await whole.arrayBuffer().then((buffer) => new Uint8Array(buffer))
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/)
    const head = await send(first.path, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(length)])
    expect(head.headers.get('repr-digest')).toBe(
      `sha-256=:${Buffer.from(etag.slice(1, -1), 'hex').toString('base64')}:`,
    )
    const same = await answerOf(first.path, { headers: { 'if-none-match': etag } })
    expect([same.status, same.text]).toEqual([304, ''])
    const part = await send(first.path, { headers: { range: 'bytes=1-3' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 1-3/${length}`])
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(first.bytes.subarray(1, 4))
    const beyond = await answerOf(first.path, { headers: { range: `bytes=${length}-` } })
    expect(beyond.status).toBe(416)
  })

  it('takes a name once, and says whether the bytes are the same', async () => {
    await publish(first)
    const same = await publish(first)
    expect(`${same.status} ${same.text}`).toMatch(says.same)
    const other = await publish(conflicting)
    expect(`${other.status} ${other.text}`).toMatch(says.clash)
    if (repeatQuery !== undefined) {
      expect((await publishWith(first, repeatQuery)).status).toBe(statuses.repeated)
      const clash = await publishWith(conflicting, repeatQuery)
      expect(`${clash.status} ${clash.text}`).toMatch(says.clash)
    }
    const unknown = await publishWith(second, 'if-exists=replace')
    expect(`${unknown.status} ${unknown.text}`).toMatch(/^400 if-exists="replace" is not known/)
    expect((await countRows()).package_file).toBe(1)
    await expectConsistent()
    const blobs = (await listKeys('blobs/')).length
    expect(blobs).toBe(1)
  })

  it('gives one 201 to many who publish one name at once, and loses nobody of many names', async () => {
    const rivals = await Promise.all(
      Array.from({ length: 8 }, (_, at) => publish(at % 2 === 0 ? first : conflicting)),
    )
    expect(rivals.map(({ status }) => status).sort()).toEqual([
      statuses.published,
      ...Array(7).fill(statuses.taken),
    ])
    const both = await Promise.all([publish(second), remove(first)])
    expect(both.map(({ status }) => status)).toEqual([statuses.published, statuses.removed])
    expect(await isPublished(second)).toBe(true)
    await expectConsistent()
    await sample.expectSound()
  })

  it('keeps restricted tokens to what they may write', async () => {
    await publish(first)
    const others = packageTypes.filter(({ type }) => type !== sample.type)
    const grants = [
      { repositories: ['no/where'] },
      { packages: ['no-such-*'] },
      { packages: [`${sample.type}:no-such-*`] },
      { packages: others.map(({ type }) => `${type}:*`) },
    ]
    for (const grant of grants) {
      const { headers } = await tokenOf('acme', { scopes: ['write'], ...grant })
      const refused = await publish(second, headers)
      expect(`${refused.status} ${refused.text}`).toMatch(says.forbidden)
      const kept = await remove(first, headers)
      expect(`${kept.status} ${kept.text}`).toMatch(says.forbidden)
    }
    expect(await isPublished(first)).toBe(true)
    expect((await countRows()).package_file).toBe(1)
    const grant = { scopes: ['write'], packages: [`${sample.type}:*`] }
    const { headers } = await tokenOf('acme', grant)
    expect((await publish(second, headers)).status).toBe(statuses.published)
    expect((await remove(first, headers)).status).toBe(statuses.removed)
  })

  it('gives a restricted token no way to write by any endpoint', async () => {
    await publish(first)
    const state = () => env.DB.prepare('SELECT state FROM package').first()
    const before = await state()
    const writes = endpoints.filter(
      ({ access, path }) => access === 'write' && path.split('/').includes(sample.type),
    )
    expect(writes).not.toEqual([])
    for (const grant of [{ repositories: ['no/where'] }, { packages: ['generic:no-such-*'] }]) {
      const { headers } = await tokenOf('acme', { scopes: ['write'], ...grant })
      for (const { method, path } of writes) {
        const parameters = parametersOf(path)
        const filled = path.replace(
          /:(\w+)(\{[^}]*\})?/g,
          (_, name: string) => parameters[name] ?? 'x',
        )
        const { status } = await answerOf(filled, { method, headers, body: '"1.0.0"' })
        // Owners of a crate are nobody's to change.
        const refusal = path.endsWith('/owners') ? 400 : 403
        expect([grant, method, path, status]).toEqual([grant, method, path, refusal])
      }
    }
    expect(await state()).toEqual(before)
  })

  describe('refuses and stores nothing of', () => {
    it.each(sample.refusals)('$title', async ({ request, says }) => {
      const { status, text } = await shown(answerTo(request()))
      expect(`${status} ${text}`).toMatch(says)
      expect(text).toMatch(ONE_LINE)
      await expectNothing()
    })

    it('a body over the limit, before it is read', async () => {
      const { readable, writable } = new FixedLengthStream(100_000_001)
      const answer = await answerTo(withBody(sample.publish(first), readable))
      expect(answer.status).toBe(413)
      await writable.abort().catch(() => {})
      await expectNothing()
    })

    it('a body that is shorter than it says, or stops', async () => {
      const { readable, writable } = new FixedLengthStream(first.bytes.length + 10)
      const writer = writable.getWriter()
      const written = writer.write(first.bytes).then(() => writer.abort(new Error('gone')))
      const asked = withBody(sample.publish(first), readable)
      const answer = await answerTo(asked).catch(() => ({ status: 400 }))
      await written.catch(() => {})
      expect(answer.status).toBe(400)
      await expectNothing()
    })
  })

  const TRICKS = [
    '..',
    '.',
    '%2e%2e%2f',
    '..%2f..%2fx',
    '%00',
    '%0a',
    '%0d%0aset-cookie:a',
    '%7f',
    '%zz',
  ]
  const MORE = [
    '%E2%80%AE',
    '%ff',
    '%252e',
    "'",
    '%22',
    '%3Cscript%3E',
    'a'.repeat(2000),
    '%20',
    '*',
  ]

  it.each(found.endpoints.map(({ method, path }) => [method, path] as const))(
    'answers tricks in every part of %s %s',
    async (method, path) => {
      const parameters = parametersOf(path)
      const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '')
      for (const name of names) {
        for (const trick of [...TRICKS, ...MORE]) {
          const tricked = path.replace(/:(\w+)(\{[^}]*\})?/g, (_, each: string) =>
            each === name ? trick : (parameters[each] ?? each),
          )
          const body = method === 'PUT' ? new Uint8Array([1, 2, 3]) : null
          const { status, text, headers } = await answerOf(tricked, {
            method,
            headers: ADMIN,
            body,
          })
          expect([tricked, status]).toEqual([tricked, expect.toSatisfy(isRefusalOrName)])
          if (status >= 400 && method !== 'GET') expect(text).toMatch(ONE_LINE)
          expect(headers.get('set-cookie')).toBe(null)
        }
      }
    },
  )
})

/** Some of the tricks are good names for some types; what is left over is a 4xx. */
function isRefusalOrName(status: number): boolean {
  return status === 201 || status === 204 || status === 200 || (status >= 400 && status < 500)
}

it('a content that two types share is stored once, and goes with the last of them', async () => {
  const other = samples.find(({ takesAnything }) => takesAnything)
  const one = samples.find((sample) => sample !== other)
  if (one === undefined || other === undefined) throw new Error('no two types share a content')
  const shared: SampleFile = { ...other.first, bytes: one.first.bytes }
  const store = async (sample: TypeSample, file: SampleFile) =>
    expect((await answerTo(sample.publish(file))).status).toBe(sample.statuses.published)
  const remove = async (sample: TypeSample, file: SampleFile) =>
    expect((await answerTo(sample.remove(file))).status).toBe(sample.statuses.removed)
  await store(one, one.first)
  await store(other, shared)
  expect((await countRows()).package_blob).toBe(1)
  expect(await listKeys('blobs/')).toHaveLength(1)
  await remove(one, one.first)
  const left = await send(shared.path)
  expect(new Uint8Array(await left.arrayBuffer())).toEqual(one.first.bytes)
  await remove(other, shared)
  const unused = 'SELECT count(*) AS n FROM package_blob WHERE unreferenced_at IS NOT NULL'
  expect(await env.DB.prepare(unused).first('n')).toBe(1)
  await expectConsistent()
  await sweep(env.DB, env.BLOBS, Date.now() + UNREFERENCED_MS - 1000)
  expect(await listKeys('blobs/')).toHaveLength(1)
  await sweep(env.DB, env.BLOBS, Date.now() + UNREFERENCED_MS + 1000)
  expect(await listKeys('blobs/')).toEqual([])
})
