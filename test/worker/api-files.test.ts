import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { answerOf, createOwner } from '../support/worker/registry.ts'
import { publish } from '../types/alpine/repository.ts'

// How much the list of a version's files takes, whatever they say of themselves.

const FILES = '/api/v1/packages/acme/alpine/hello/1-r0/files'
/** As much as a publish let through once: such rows stay. */
const LARGEST = 512 * 1024

interface ListedFile {
  readonly architecture: string
  readonly metadata: { readonly name: string } | null
}

async function list(query: string): Promise<ListedFile[]> {
  const { status, text, headers } = await answerOf(`${FILES}${query}`)
  expect([status, headers.get('x-total-count')]).toEqual([200, '20'])
  return JSON.parse(text)
}

beforeEach(async () => {
  await createOwner()
  await publish({ name: 'hello', version: '1-r0' })
  await env.DB.prepare(
    `UPDATE package_file SET metadata = json_set(metadata, '$.description',
       replace(hex(zeroblob(?1 / 2 - octet_length(metadata))), '0', 'x'))`,
  )
    .bind(LARGEST)
    .run()
  await env.DB.prepare(
    `INSERT INTO package_file (id, version_id, repository_id, composite_key, architecture, part, name,
       blob_sha256, metadata, created_by, created_at)
     SELECT 'copy-' || value, version_id, repository_id, 'edge/main/y' || value, 'y' || value, 'y' || value, name,
       blob_sha256, metadata, created_by, created_at
     FROM package_file, json_each('[10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28]')`,
  ).run()
})

it('ends the metadata of a page of files where it has enough, and gives every file its own', async () => {
  const files = await list('?limit=100')
  const named = files.map(({ metadata }) => metadata?.name)
  expect(named).toEqual([...Array(8).fill('hello'), ...Array(12).fill(undefined)])
  expect(files.at(-1)?.metadata).toBeNull()
  const second = await list('?limit=8&page=2')
  expect(second.map(({ metadata }) => metadata?.name)).toEqual(Array(8).fill('hello'))
  expect(second[0]?.architecture).toBe(files[8]?.architecture)
  const [last] = await list('?limit=1&page=20')
  expect(last).toMatchObject({ architecture: 'y28', metadata: { name: 'hello' } })
})

it('has a page for people all the same', async () => {
  const { status, text } = await answerOf('/acme/-/packages/alpine/hello/1-r0')
  expect(status).toBe(200)
  expect(text).toContain('y28')
})
