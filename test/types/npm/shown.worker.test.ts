// What documents and pages say of deprecations and times, and which form is asked for.
import { beforeEach, describe, expect, it } from 'vitest'
import { ADMIN, answerOf, createOwner } from '../../support/worker/registry.ts'
import { type BodySpec, buildPublish } from './builder.ts'
import { NPM } from './sample.ts'

const SHORT = 'application/vnd.npm.install-v1+json'
const PAGE = '/acme/-/packages/npm/hello-world'

beforeEach(() => createOwner())

const put = (body: Uint8Array | string, headers: HeadersInit = ADMIN) =>
  answerOf(`${NPM}/hello-world`, { method: 'PUT', headers, body })
const publish = (spec: BodySpec = {}) => put(buildPublish(spec))
const read = async (path = '', accept = 'application/json') => {
  const answer = await answerOf(`${NPM}/hello-world${path}`, { headers: { accept } })
  return { type: answer.headers.get('content-type'), ...JSON.parse(answer.text) }
}
const page = async () => (await answerOf(PAGE, { headers: { accept: 'text/html' } })).text

describe('a version that is deprecated by its manifest', () => {
  it('is so on its page too, until that is taken away', async () => {
    expect(await publish({ members: { deprecated: 'use 2 \u0009now' } })).toMatchObject({
      status: 201,
    })
    expect(await page()).toContain('use 2 \tnow')
    expect((await read('/1.0.0')).deprecated).toBe('use 2 \tnow')
    const versions = { '1.0.0': { deprecated: '' } }
    expect(await put(JSON.stringify({ name: 'hello-world', versions }))).toMatchObject({
      status: 200,
    })
    expect(await read('/1.0.0')).not.toHaveProperty('deprecated')
    expect(await page()).not.toContain('Deprecated')
  })

  it.each([
    [{ deprecated: false }, 201],
    [{ deprecated: '' }, 201],
    [{ deprecated: 1 }, 400],
    [{ deprecated: '\u001b[2J' }, 400],
    [{ deprecated: 'x'.repeat(4097) }, 400],
  ])('says so in a text: %j', async (members, status) => {
    expect(await publish({ members })).toMatchObject({ status })
    if (status === 201) expect(await page()).not.toContain('Deprecated')
  })
})

it('a package was modified when its latest version came, to the millisecond', async () => {
  await publish()
  for (const accept of ['application/json', SHORT]) {
    const { time, modified } = await read('', accept)
    const { time: times } = await read()
    expect(time?.modified ?? modified).toBe(times['1.0.0'])
    expect(Date.parse(time?.modified ?? modified)).toBeGreaterThanOrEqual(Date.parse(times.created))
  }
})

it.each([
  [`${SHORT}; q=1.0, application/json; q=0.8, */*`, SHORT],
  [`application/json, ${SHORT}`, SHORT],
  [SHORT.toUpperCase(), SHORT],
  [`${SHORT};q=0`, 'application/json'],
  [`${SHORT}; q=0.000, */*`, 'application/json'],
  [`${SHORT};q=0.1, application/json`, 'application/json'],
  [`${SHORT}x`, 'application/json'],
  ['*/*', 'application/json'],
  ['text/html', 'application/json'],
])('Accept %s gets %s', async (accept, type) => {
  await publish()
  expect((await read('', accept)).type).toBe(type)
})

it('a version that is gone is refused so that npm says why, also where no version is left', async () => {
  await publish({ files: { 'index.js': '1' } })
  const path = '/api/v1/packages/acme/npm/hello-world/1.0.0'
  expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
  const again = await publish({ files: { 'index.js': '2' } })
  // After a 409 npm reads the package once more, and says of one that is gone that it is not there.
  expect(again.status).toBe(403)
  expect(JSON.parse(again.text)).toMatchObject({
    status: 403,
    code: 'file-exists',
    error: expect.stringMatching(
      /names stay taken: publish the bytes that it had, or publish another/,
    ),
  })
  expect(await publish({ files: { 'index.js': '1' } })).toMatchObject({ status: 201 })
})

it('a search prints no sign that a terminal obeys', async () => {
  await publish({ members: { description: 'Two\nlines \u001b[2J \u202Edoc' } })
  const { text } = await answerOf(`${NPM}/-/v1/search?text=hello`)
  expect(JSON.parse(text).objects[0].package.description).toBe('Two lines [2J doc')
  expect((await read('/1.0.0')).description).toBe('Two\nlines \u001b[2J \u202Edoc')
})
