// The registry under test as a client sees it, and its owners.
import type { Server } from '../test/support/clients/server.ts'
import { expectCreated } from './client.ts'
import { timed } from './measure.ts'
import { REPOSITORY } from './seed.ts'

/** Where an owner's repository is. */
export function repositoryUrl(server: Server, owner: string): string {
  return `${server.url}/api/packages/${owner}/alpine/${REPOSITORY}`
}

export function indexUrl(server: Server, owner: string, architecture = 'x86_64'): string {
  return `${repositoryUrl(server, owner)}/${architecture}/APKINDEX.tar.gz`
}

export async function createOwner(server: Server, owner: string): Promise<void> {
  const headers = { authorization: `Bearer ${server.adminToken}` }
  const body = JSON.stringify({ visibility: 'public' })
  await expectOk(fetch(`${server.url}/api/v1/owners/${owner}`, { method: 'PUT', headers, body }))
}

/** Milliseconds from the start of the PUT to the end of its 201. */
export function publish(server: Server, owner: string, bytes: Uint8Array): Promise<number> {
  return put(repositoryUrl(server, owner), bytes, `Bearer ${server.adminToken}`)
}

/** The same of any address. */
export function put(url: string, body: Uint8Array, authorization: string): Promise<number> {
  return timed(() => expectCreated(url, { method: 'PUT', headers: { authorization }, body }))
}

export async function sizeOf(url: string): Promise<number> {
  const response = await expectOk(fetch(url, { method: 'HEAD' }))
  return Number(response.headers.get('content-length'))
}

export async function bytesOf(url: string): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${response.status} from ${url}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** Reads the answer to its end. */
export async function expectOk(answer: Promise<Response>): Promise<Response> {
  const response = await answer
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} from ${response.url}: ${text}`)
  return response
}
