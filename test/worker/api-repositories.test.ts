import { beforeEach, describe, expect, it } from 'vitest'
import { API, linksOf, read } from '../support/worker/api.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

// The repositories of an owner over the API.

const STABLE = '/api/packages/acme/alpine/v3.22/main'

const remove = (path: string) => answerOf(`${API}/${path}`, { method: 'DELETE', headers: ADMIN })

beforeEach(() => createOwner())

describe('repositories', () => {
  const REPOSITORIES = '/api/v1/owners/acme/repositories'

  it('are listed with their revisions', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '2-r0' })
    await publish({ name: 'hello', version: '1-r0' }, STABLE)
    const { body, headers } = await read(`${REPOSITORIES}?limit=1`)
    expect(headers.get('x-total-count')).toBe('2')
    expect(linksOf(headers).next).toBe(`${REPOSITORIES}?limit=1&page=2`)
    expect(body).toEqual([
      {
        type: 'alpine',
        name: 'edge/main',
        url: `https://registry.test${REPOSITORIES}/alpine/edge/main`,
        head: expect.stringMatching(/^[0-9a-f-]{36}$/),
        revision: 2,
        immutable: false,
        created_at: expect.stringMatching(/Z$/),
        changed_at: expect.stringMatching(/Z$/),
      },
    ])
  })

  it('have index files with digests, and changes', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await remove('alpine/hello/1-r0')
    const { body } = await read(`${REPOSITORIES}/alpine/edge/main`)
    expect(body).toMatchObject({ name: 'edge/main', revision: 2 })
    const index = await answerOf(`${MAIN}/x86_64/APKINDEX.tar.gz`, { method: 'HEAD' })
    const [, x86] = body.indexes
    expect(x86).toMatchObject({ path: 'x86_64/APKINDEX.tar.gz', changed_at: expect.any(String) })
    expect(index.headers.get('etag')).toBe(`"${x86.sha256}"`)
    const file = { file_name: 'hello-1-r0.apk', architecture: 'x86_64' }
    expect(body.changes).toMatchObject([
      { revision: 2, op: 'remove', ...file },
      { revision: 1, op: 'publish', ...file },
    ])
    expect(JSON.stringify(body)).not.toContain('created_by')
  })

  it('declared immutable before their first package are there, and unknown ones are 404', async () => {
    const settings = { method: 'PUT', headers: ADMIN, body: '{"immutable":true}' }
    await answerOf(`${REPOSITORIES}/alpine/edge/next`, settings)
    const { body } = await read(`${REPOSITORIES}/alpine/edge/next`)
    expect(body).toMatchObject({ immutable: true, changed_at: null, indexes: [], changes: [] })
    expect((await answerOf(`${REPOSITORIES}/alpine/edge/none`)).status).toBe(404)
    expect((await answerOf(`${REPOSITORIES}/debian/edge/main`)).status).toBe(404)
    expect((await answerOf(`${REPOSITORIES}/alpine/e!/main`)).status).toBe(400)
  })
})
