// Publishes, lists and downloads with openapi-fetch and the types that were made of the API's document.
import createClient from 'openapi-fetch'
import type { paths } from './schema.ts'

declare const process: { readonly argv: readonly string[] }

const [baseUrl = '', token = '', owner = ''] = process.argv.slice(2)
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } })
const place = { owner, package: 'tool', version: '1', file: 'a.bin' }
const bytes = Uint8Array.from([0, 255, 128, 10])

const published = await client.PUT('/api/packages/{owner}/generic/{package}/{version}/{file}', {
  params: { path: place },
  body: new Blob([bytes]),
  bodySerializer: (body) => body ?? null,
  headers: { 'content-type': 'application/octet-stream' },
  parseAs: 'text',
})
const listed = await client.GET('/api/v1/packages/{owner}', {
  params: { path: { owner }, query: { type: 'generic', limit: 5 } },
})
const read = await client.GET('/api/packages/{owner}/generic/{package}/{version}/{file}', {
  params: { path: place },
  parseAs: 'blob',
})
const absent = await client.GET('/api/v1/packages/{owner}/{type}/{name}/{version}', {
  params: { path: { owner, type: 'generic', name: 'none', version: '1' } },
})
console.log(
  JSON.stringify({
    published: published.response.status,
    listed: listed.data?.map(({ name, version, owner: { login } }) => [login, name, version]),
    read: [...new Uint8Array((await read.data?.arrayBuffer()) ?? new ArrayBuffer(0))],
    absent: absent.error && 'code' in absent.error ? absent.error.code : null,
  }),
)
