import { expect, it } from 'vitest'
import { endpoints } from '../../src/app.ts'
import { faultCodes } from '../../src/core/errors.ts'
import { describedEndpoints, formatPathTemplate, pathParametersOf } from '../../src/http/openapi.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { publish } from '../types/alpine/repository.ts'

// The document of the API as it is served: whole, and true of what is mounted.

interface ApiOperation {
  operationId: string
  description?: string
  responses: Record<string, unknown>
  security: object[]
}

interface Document {
  openapi: string
  paths: Record<string, Record<string, ApiOperation>>
  components: { schemas: Record<string, object>; securitySchemes: object }
}

const DOCUMENT = '/api/v1/openapi.json'

async function readDocument(): Promise<Document> {
  const { status, text } = await answerOf(DOCUMENT)
  expect(status).toBe(200)
  return JSON.parse(text)
}

it('has every endpoint under /api', async () => {
  const { openapi, paths } = await readDocument()
  expect(openapi).toBe('3.1.1')
  const mounted = endpoints
    // The reference is a page, and not for programs.
    .filter(({ path }) => path.startsWith('/api/') && path !== '/api/v1/docs')
    .map(({ method, path }) => `${method} ${formatPathTemplate(path)}`)
  expect(mounted.length).toBeGreaterThan(20)
  const documented = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(documented.sort()).toEqual(mounted.sort())
})

it('says of each what it can answer, and who may ask', async () => {
  const { paths } = await readDocument()
  for (const { method, path, access, operation: described } of describedEndpoints(endpoints)) {
    const operation = paths[formatPathTemplate(path)]?.[method.toLowerCase()]
    const statuses = Object.keys(operation?.responses ?? {})
    // Some clients have a way to ask for what this registry has not; it says so at the path.
    const refuses = operation?.description?.startsWith('Always refused') === true
    expect([path, statuses.some((status) => status.startsWith('2'))]).toEqual([path, !refuses])
    const needed = access !== 'open' && access !== 'read'
    // A login has its secret in the body.
    const login = access === 'open' && described.faults?.includes('invalid-credentials') === true
    expect([path, statuses.includes('401')]).toEqual([path, access !== 'open' || login])
    // Over plain http everything is.
    const refused = JSON.stringify(operation?.responses['403'] ?? '')
    expect([path, refused.includes('`https-required`')]).toEqual([path, true])
    expect([path, refused.includes('`forbidden`')]).toEqual([path, needed || login])
    const anonymous = operation?.security.some((scheme) => Object.keys(scheme).length === 0)
    expect([path, access === 'open' || anonymous]).toEqual([path, !needed])
  }
})

it('names no schema that it does not have', async () => {
  const { text } = await answerOf(DOCUMENT)
  const { components, paths }: Document = JSON.parse(text)
  const used = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  )
  expect(new Set(used)).toEqual(new Set(Object.keys(components.schemas)))
  const schemes = Object.values(paths)
    .flatMap((item) => Object.values(item))
    .flatMap(({ security }) => security.flatMap((scheme) => Object.keys(scheme)))
  expect(Object.keys(components.securitySchemes)).toEqual([...new Set(schemes)])
  expect([...new Set(schemes)].slice(0, 3)).toEqual(['basic', 'bearer', 'token'])
})

it('knows the grammar of every parameter of a path', () => {
  const parameters = describedEndpoints(endpoints).flatMap(pathParametersOf)
  const known = new Set(parameters.map(({ name }) => name))
  for (const name of ['owner', 'type', 'name', 'version', 'branch', 'architecture', 'keyFile']) {
    expect([...known]).toContain(name)
  }
  const owner = parameters.find(({ name }) => name === 'owner')?.schema.pattern
  expect(owner).toBe('^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?$')
})

it('is not sent again to who has it', async () => {
  const { headers } = await answerOf(DOCUMENT)
  expect(headers.get('cache-control')).toBe('public, no-cache')
  const etag = headers.get('etag') ?? ''
  expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
  const again = await answerOf(DOCUMENT, { headers: { 'if-none-match': etag } })
  expect([again.status, again.text]).toEqual([304, ''])
  const other = await answerOf(DOCUMENT, { headers: { 'if-none-match': '"other"' } })
  expect(other.status).toBe(200)
})

it('is a page too, where each operation and each code of a problem has its place', async () => {
  const { status, headers, text } = await answerOf('/api/v1/docs')
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(headers.get('cache-control')).toBe('public, no-cache')
  expect(text).toMatch(/^<!DOCTYPE html>/)
  expect(text).not.toMatch(/<style|style="|<script>|(?:src|href)="https?:/)
  for (const { operation } of describedEndpoints(endpoints)) {
    expect(text).toContain(`id="${operation.id}"`)
  }
  for (const code of faultCodes) expect(text).toContain(`<code id="${code}">`)
  const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, target]) => target)
  expect(targets.length).toBeGreaterThan(100)
  expect(targets.filter((target) => !ids.has(target))).toEqual([])
  expect(text.match(/ id="/g)).toHaveLength(ids.size)
})

it('the page begins with its contents, and has a line for curl of each operation', async () => {
  const { text } = await answerOf('/api/v1/docs')
  const contents = /<nav class="panel" aria-label="Contents">.*?<\/nav>/.exec(text)?.[0] ?? ''
  const described = describedEndpoints(endpoints)
  for (const { operation } of described) expect(contents).toContain(`href="#${operation.id}"`)
  expect(contents).toContain('href="#problems"')
  expect(text.match(/<code>curl --fail-with-body /g)).toHaveLength(described.length)
  expect(text).not.toContain('`')
  expect(text).not.toMatch(/\$URL[^<]*undefined/)
  expect(text).toContain('<code>%2F</code>')
})

it('a package of the document has the members of a package', async () => {
  await createOwner()
  await publish({ name: 'hello', version: '1-r0' })
  const { components } = await readDocument()
  const exampleOf = (name: string) => Object(components.schemas[name]).examples[0]
  const [version] = JSON.parse((await answerOf('/api/v1/packages/acme')).text)
  expect(Object.keys(version)).toEqual(Object.keys(exampleOf('Package')))
  expect(Object.keys(version.owner)).toEqual(Object.keys(exampleOf('Package').owner))
  const files = await answerOf('/api/v1/packages/acme/alpine/hello/1-r0/files')
  expect(Object.keys(JSON.parse(files.text)[0])).toEqual(Object.keys(exampleOf('PackageFile')))
})

it('gives problems as it says, and nothing else of a fault', async () => {
  await createOwner()
  const { headers, text } = await answerOf('/api/v1/owners/acme', {
    method: 'PUT',
    headers: ADMIN,
    body: '{"visibility":"secret"}',
  })
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(JSON.parse(text)).toEqual({
    type: '/api/v1/docs#invalid-request',
    title: 'The request breaks a rule of its query, its headers or its body',
    status: 400,
    detail: 'visibility is required: "public" or "private"',
    code: 'invalid-request',
    request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    // Clients of Forgejo's API show it.
    message: 'visibility is required: "public" or "private"',
  })
  const bad = await answerOf('/api/packages/acme/alpine/edge/main', {
    method: 'PUT',
    headers: { ...ADMIN, accept: 'application/json' },
    body: 'no package',
  })
  expect(JSON.parse(bad.text)).toMatchObject({ code: 'invalid-package', reason: 'malformed' })
  expect(JSON.parse(bad.text)).not.toHaveProperty('message')
  const allow = await answerOf('/api/v1/owners', { method: 'POST', headers: ADMIN })
  expect(JSON.parse(allow.text)).not.toHaveProperty('allow')
})

it('a path that is too short for its method, or has "//", is told how it goes on', async () => {
  await createOwner()
  for (const path of ['handbook', 'handbook/1']) {
    const sent = { method: 'PUT', headers: ADMIN, body: 'x' }
    const { status, text, headers } = await answerOf(`/api/packages/acme/generic/${path}`, sent)
    expect([status, text, headers.get('allow')]).toEqual([
      405,
      'the path is too short: write /api/packages/{owner}/generic/{package}/{version}/{file}, or use DELETE here',
      'DELETE',
    ])
  }
  for (const path of ['.//api/v1/owners', '/api//packages/acme/generic/p/1/f']) {
    const { status, text } = await answerOf(path)
    expect([status, text]).toEqual([404, expect.stringContaining('the path has "//"')])
  }
})

it('a method that a path lacks is 405 in the management API, and a GET among packages 404', async () => {
  await createOwner()
  const restore = await answerOf('/api/v1/deployment/restore', { headers: ADMIN })
  expect([restore.status, restore.headers.get('allow')]).toEqual([405, 'POST'])
  // apko asks for apk-configuration, and ends at anything else.
  const path = '/api/packages/acme/alpine/edge/main/apk-configuration'
  expect((await answerOf(path)).status).toBe(404)
  expect((await answerOf(path, { method: 'POST', headers: ADMIN })).status).toBe(405)
})
