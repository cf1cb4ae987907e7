import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, countRows, createOwner, listKeys } from '../support/worker/registry.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'
import { apk, fileOf } from '../types/alpine/soundness.ts'

// What clients are told while the database, the store or the repository's object is away.

beforeEach(() => createOwner())

const revision = () => env.DB.prepare('SELECT revision FROM repository').first<number>('revision')

/** The edge cache outlives a test, and would answer for the store where an earlier test fetched these bytes. */
const publishUncached = () =>
  publish({ name: 'hello', version: '1-r0', info: { pkgdesc: crypto.randomUUID() } })

describe('an outage', () => {
  it('of the database is 503, never empty and never a success', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    const broken = () => {
      throw new Error('D1_ERROR: internal error')
    }
    override({ DB: wrapMethod(wrapMethod(env.DB, 'prepare', broken), 'batch', broken) })
    for (const path of [fileOf('hello'), `${MAIN}/x86_64/APKINDEX.tar.gz`]) {
      expect(await answerOf(path)).toMatchObject({
        status: 503,
        text: 'the database does not answer: try again',
      })
    }
    expect((await put(apk('other'))).status).toBe(503)
    expect((await answerOf('/api/v1/owners', { headers: ADMIN })).status).toBe(503)
  })

  it('of the object store is 503, and nothing is committed', async () => {
    await publishUncached()
    const broken = () => Promise.reject(new Error('put: internal error (10001)'))
    override({ BLOBS: wrapMethod(wrapMethod(env.BLOBS, 'put', broken), 'get', broken) })
    expect((await put(apk('other'))).status).toBe(503)
    expect((await answerOf(fileOf('hello'))).status).toBe(503)
    override({ BLOBS: env.BLOBS })
    expect(await countRows()).toMatchObject({ package_file: 1 })
    expect((await put(apk('other'))).status).toBe(201)
  })

  it('of the store for the index alone refuses the publish and leaves nothing', async () => {
    const put_ = ((key: string, ...rest: [ArrayBuffer]) =>
      key.startsWith('indexes/')
        ? Promise.reject(new Error('put: internal error (10001)'))
        : env.BLOBS.put(key, ...rest)) as R2Bucket['put']
    override({ BLOBS: wrapMethod(env.BLOBS, 'put', put_) })
    expect((await put(apk('hello'))).status).toBe(503)
    expect(await listKeys()).toEqual([])
    expect(await countRows()).toMatchObject({ package_file: 0, repository: 0 })
  })

  it('that lost an object is 503, never 404', async () => {
    await publishUncached()
    await env.BLOBS.delete(await listKeys('blobs/'))
    expect(await answerOf(fileOf('hello'))).toMatchObject({
      status: 503,
      text: 'the file is missing in the store: publish it again, or ask the operator of this registry',
    })
  })

  it('of the Durable Object is 503 and unknown, and a retry finds what happened', async () => {
    const stub = { commit: () => Promise.reject(new Error('Durable Object reset')) }
    const namespace = wrapMethod(env.REPOSITORY, 'getByName', (() => stub) as never)
    override({ REPOSITORY: namespace })
    expect((await put(apk('hello'))).text).toMatch(/^the change may or may not have been made/)
    override({ REPOSITORY: env.REPOSITORY })
    expect((await put(apk('hello'))).status).toBe(201)
  })

  it('of the reply alone is mended by the repetition, which finds its change', async () => {
    let calls = 0
    const getByName = (name: string) => {
      const stub = env.REPOSITORY.getByName(name)
      return {
        commit: async (...args: Parameters<typeof stub.commit>) => {
          const result = await stub.commit(...args)
          if (++calls === 1) throw new Error('the reply was lost')
          return result
        },
      }
    }
    override({ REPOSITORY: wrapMethod(env.REPOSITORY, 'getByName', getByName as never) })
    expect((await put(apk('hello'))).text).toMatch(/^published .*revision 1$/)
    expect(calls).toBe(2)
    expect(await revision()).toBe(1)
    expect((await answerOf(fileOf('hello'), { method: 'DELETE', headers: ADMIN })).status).toBe(204)
  })
})
