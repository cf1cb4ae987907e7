// Searches by words of descriptions and keywords: what is found, and what it reads whatever the owner has.
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { searchPackages } from '../../src/core/packages/search.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { buildPublish as buildCrate } from '../types/cargo/builder.ts'
import { buildPublish } from '../types/npm/builder.ts'

const NPM = '/api/packages/acme/npm'
const CRATES = '/api/packages/acme/cargo/api/v1/crates'

async function npm(name: string, members: Readonly<Record<string, unknown>>, version = '1.0.0') {
  const body = buildPublish({ name, version, members })
  const path = `${NPM}/${name.replace('/', '%2f')}`
  expect(await answerOf(path, { method: 'PUT', headers: ADMIN, body })).toMatchObject({
    status: 201,
  })
}

async function crate(name: string, description: string, packageLines: readonly string[] = []) {
  const body = buildCrate({ name, description, packageLines })
  const answer = await answerOf(`${CRATES}/new`, { method: 'PUT', headers: ADMIN, body })
  expect(answer).toMatchObject({ status: 200 })
}

async function npmSearch(text: string): Promise<readonly string[]> {
  const { text: found } = await answerOf(`${NPM}/-/v1/search?text=${encodeURIComponent(text)}`)
  const { objects, total } = JSON.parse(found)
  const names = objects.map((each: { package: { name: string } }) => each.package.name)
  expect(names.length).toBe(total)
  return names
}

async function cargoSearch(text: string): Promise<readonly string[]> {
  const { text: found } = await answerOf(`${CRATES}?q=${encodeURIComponent(text)}`)
  return JSON.parse(found).crates.map((each: { name: string }) => each.name)
}

beforeEach(() => createOwner())

it('npm search finds words of names, descriptions and keywords, all of them, from their beginnings', async () => {
  await npm('@acme/undici', { description: 'An HTTP/1.1 client, written from scratch' })
  await npm('got', { description: 'Human-friendly requests', keywords: ['http', 'client', 'ÜBER'] })
  await npm('left-pad', { description: 'Pads', keywords: 'string, http' })
  await npm('http-proxy', { description: 'Proxies' })
  expect(await npmSearch('http client')).toEqual(['@acme/undici', 'got'])
  expect(await npmSearch('http')).toEqual(['@acme/undici', 'got', 'http-proxy', 'left-pad'])
  expect(await npmSearch('acme scratch')).toEqual(['@acme/undici'])
  expect(await npmSearch('keywords:http')).toContain('got')
  expect(await npmSearch('scope:acme')).toEqual(['@acme/undici'])
  expect(await npmSearch('über')).toEqual(['got'])
  expect(await npmSearch('request')).toEqual(['got'])
  expect(await npmSearch('equests')).toEqual([])
  expect(await npmSearch('http none')).toEqual([])
  expect(await npmSearch('t-pa')).toEqual(['left-pad'])
  expect((await npmSearch('')).length).toBe(4)
  const { text } = await answerOf('/acme?q=http+client', { headers: { accept: 'text/html' } })
  expect(text).toContain('undici')
  expect(text).not.toContain('left-pad')
})

it('cargo search does, and each type finds its own', async () => {
  await crate('hyper', 'A protective HTTP layer', ['keywords = ["async"]'])
  await crate('Tokio_Util', 'Helpers')
  await npm('hyper', { description: 'Something async' })
  expect(await cargoSearch('async')).toEqual(['hyper'])
  expect(await cargoSearch('protective http')).toEqual(['hyper'])
  expect(await cargoSearch('tokio-util')).toEqual(['Tokio_Util'])
  expect(await cargoSearch('tokio helpers')).toEqual(['Tokio_Util'])
  expect(await npmSearch('layer')).toEqual([])
})

it('words are written once, and go with the package', async () => {
  const words = () =>
    env.DB.prepare(`SELECT value FROM package_property WHERE name = 'word' ORDER BY value`).all()
  await npm('got', { description: 'Human requests' })
  await npm('got', { description: 'Human requests, again' }, '1.1.0')
  expect((await words()).results.map(({ value }) => value)).toEqual([
    ...['npm again', 'npm got', 'npm human', 'npm requests'],
  ])
  await expectConsistent()
  for (const version of ['1.0.0', '1.1.0']) {
    const path = `/api/v1/packages/acme/npm/got/${version}`
    expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
  }
  expect((await words()).results).toEqual([])
})

it('reads a bounded number of rows, and says that there are more', async () => {
  await env.DB.batch([
    env.DB.prepare(
      `
      INSERT INTO package (owner_id, type, name, created_at, state)
      SELECT o.id, 'npm', 'p' || n.value, 0, 'x' FROM owner o, generate_numbers n`.replace(
        'generate_numbers n',
        `(WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 5000)
        SELECT value FROM c) n`,
      ),
    ),
    env.DB.prepare(`INSERT INTO package_version (package_id, version, created_at)
      SELECT id, '1.0.0', 0 FROM package`),
    env.DB.prepare(`INSERT INTO package_property (owner_id, package_id, name, value)
      SELECT owner_id, id, 'word', 'npm common' FROM package
      UNION ALL SELECT owner_id, id, 'word', 'npm common' || (id % 5000) FROM package`),
  ])
  const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first('id'))
  let read = 0
  const batch: D1Database['batch'] = async (statements) => {
    const results = await env.DB.batch(statements)
    read += results.reduce((sum, { meta }) => sum + meta.rows_read, 0)
    return results as never
  }
  const reader = { prepare: (sql: string) => env.DB.prepare(sql), batch }
  const page = { limit: 20, offset: 0 }
  for (const type of ['npm', undefined]) {
    read = 0
    const search = { ownerId, type, text: 'common', sort: 'name', described: true, page } as const
    const { packages, total, more } = await searchPackages(reader, search)
    expect([packages.length, more, total <= 1000]).toEqual([20, true, true])
    // Some rows for each of the 1,000 that are looked at; all packages have 10,000 words.
    expect(read).toBeLessThan(20_000)
  }
})

it('begins with the rarest word, and finds the one package that has all of them', async () => {
  await env.DB.batch([
    env.DB.prepare(
      `WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 1500)
       INSERT INTO package (owner_id, type, name, created_at, state)
       SELECT o.id, 'npm', 'p' || c.value, 0, 'x' FROM owner o, c`,
    ),
    env.DB.prepare(`INSERT INTO package_property (owner_id, package_id, name, value)
      SELECT owner_id, id, 'word', 'npm commonplace' FROM package`),
  ])
  await npm('last', { description: 'commonplace rare' })
  expect(await npmSearch('commonplace rare')).toEqual(['last'])
  expect(await npmSearch('rare commonplace')).toEqual(['last'])
  expect(await npmSearch('commonplace nowhere')).toEqual([])
})
