// The registry's API as the client tests need it to prepare their ground: owners, tokens, keys and
// plain publishes. What a test is about it does with a real client, not with this.
import { randomBytes } from 'node:crypto'
import type { Registry } from './server.ts'

export interface Answer {
  status: number
  text: string
  headers: Headers
}

export interface KeyFile {
  name: string
  pem: string
}

export interface TestOwner {
  name: string
  /** What repositories and the key stand under. */
  url: string
  /** May publish. */
  token: string
  /** May only read. */
  readToken: string
  key: KeyFile
  publish(repository: string, apk: Uint8Array, query?: string): Promise<Answer>
  /** The same, for set-up: throws unless it is 201. */
  mustPublish(repository: string, ...apks: Uint8Array[]): Promise<void>
  remove(path: string): Promise<Answer>
  get(path: string): Promise<Answer>
  /** `http://user:token@host/…`, for clients that take credentials so. */
  urlWithCredentials(token: string): string
}

/** A new owner with a token for each purpose, under a name that no other suite has. */
export async function createOwner(
  server: Registry,
  visibility: 'public' | 'private',
): Promise<TestOwner> {
  const name = `${visibility}-${randomBytes(4).toString('hex')}`
  const admin = { authorization: `Bearer ${server.adminToken}` }
  const api = `${server.url}/api/v1/owners/${name}`
  const body = JSON.stringify({ visibility })
  await expectStatus(201, await call('PUT', api, { headers: admin, body }))
  const createToken = async (scope: string): Promise<string> => {
    const body = JSON.stringify({ name: `for ${scope}`, scopes: [scope] })
    const answer = await call('POST', `${api}/tokens`, { headers: admin, body })
    const created: { token: string } = JSON.parse(await expectStatus(201, answer))
    return created.token
  }
  const url = `${server.url}/api/packages/${name}/alpine`
  const token = await createToken('write')
  const credentials = { authorization: `Bearer ${token}` }
  const publish = (repository: string, apk: Uint8Array, query = '') =>
    call('PUT', `${url}/${repository}${query}`, { headers: credentials, body: apk })
  return {
    name,
    url,
    token,
    readToken: await createToken('read'),
    key: await readKey(url),
    publish,
    mustPublish: async (repository, ...apks) => {
      for (const apk of apks) await expectStatus(201, await publish(repository, apk))
    },
    remove: (path) => call('DELETE', `${url}/${path}`, { headers: credentials }),
    get: (path) => call('GET', `${url}/${path}`, { headers: credentials }),
    urlWithCredentials: (secret) => url.replace('://', `://anyone:${secret}@`),
  }
}

async function readKey(url: string): Promise<KeyFile> {
  const answer = await call('GET', `${url}/key`, {})
  const pem = await expectStatus(200, answer)
  const disposition = answer.headers.get('content-disposition') ?? ''
  const [, name = ''] = /filename="([^"]+)"/.exec(disposition) ?? []
  return { name, pem }
}

async function call(
  method: string,
  url: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string | Uint8Array },
): Promise<Answer> {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

async function expectStatus(status: number, answer: Answer): Promise<string> {
  if (answer.status !== status) throw new Error(`${answer.status}, not ${status}: ${answer.text}`)
  return answer.text
}
