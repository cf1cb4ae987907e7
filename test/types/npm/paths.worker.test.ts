import { beforeEach, expect, it } from 'vitest'
import { ADMIN, createOwner, send } from '../../support/worker/registry.ts'
import { buildPublish } from './builder.ts'
import { NPM } from './sample.ts'

beforeEach(() => createOwner())

const SPELLINGS = ['@s/p', '@s%2fp', '@s%2Fp', '%40s/p', '%40s%2fp', '%40s%2Fp']
const ABOUT = [
  ...['', '/1.0.0', '/latest', '/-/p-1.0.0.tgz', '/-/1.0.0/p-1.0.0.tgz'].map(
    (after) => (name: string) => `${NPM}/${name}${after}`,
  ),
  (name: string) => `${NPM}/-/package/${name}/dist-tags`,
]

it('finds everything about a package by each spelling of its scope', async () => {
  const body = buildPublish({ name: '@s/p' })
  expect((await send(`${NPM}/@s%2fp`, { method: 'PUT', headers: ADMIN, body })).status).toBe(201)
  const asked = SPELLINGS.flatMap((name) => ABOUT.map((path) => path(name)))
  for (const method of ['GET', 'HEAD']) {
    const answers = await Promise.all(asked.map((path) => send(path, { method })))
    await Promise.all(answers.map((answer) => answer.arrayBuffer()))
    expect(answers.map(({ status }, at) => `${status} ${asked[at]}`)).toEqual(
      asked.map((path) => `200 ${path}`),
    )
  }
})
