// A repository that holds nothing can be deleted. What comes at the same time finds it or makes a new one,
// and what its Durable Object kept of it does no harm.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { override } from '../support/worker/bindings.ts'
import { csrfOf, post, signIn } from '../support/worker/browser.ts'
import { atSteps } from '../support/worker/commit-steps.ts'
import { interceptCommits } from '../support/worker/commits.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, listKeys, tokenOf } from '../support/worker/registry.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'
import { apk, download, fileOf, namesInIndex, remove } from '../types/alpine/soundness.ts'

const REPOSITORY = '/api/v1/owners/acme/repositories/alpine/edge/main'
const INDEX = `${MAIN}/x86_64/APKINDEX.tar.gz`
const PAGE = '/acme/-/alpine/edge/main'

const deleteIt = async (headers: HeadersInit = ADMIN) => {
  const { status, text } = await answerOf(REPOSITORY, { method: 'DELETE', headers })
  return [status, text === '' ? '' : JSON.parse(text).detail]
}
const declare = () =>
  answerOf(REPOSITORY, { method: 'PUT', headers: ADMIN, body: '{"immutable":true}' })
const repositories = () => env.DB.prepare('SELECT count(*) AS n FROM repository').first<number>('n')

async function publishAndRemove(name = 'a'): Promise<void> {
  expect((await put(apk(name))).status).toBe(201)
  expect((await remove(name)).status).toBe(204)
}

beforeEach(() => createOwner())

describe('deleting a repository', () => {
  it('is refused while it holds a package', async () => {
    await publish({ name: 'a', version: '1-r0' })
    expect(await deleteIt()).toEqual([
      409,
      'repository edge/main still holds packages: remove them first',
    ])
    await expectConsistent()
    expect(await namesInIndex()).toEqual(['a'])
  })

  it('takes its index and its log, and gives back its place', async () => {
    override({ OWNER_REPOSITORIES: 1 })
    await publishAndRemove()
    const indexes = await listKeys('indexes/')
    expect(await download(INDEX)).toBe(200)
    expect(await deleteIt()).toEqual([204, ''])
    expect(await deleteIt()).toEqual([404, 'no such repository: "edge/main"'])
    expect(await download(INDEX)).toBe(404)
    expect(await repositories()).toBe(0)
    for (const table of ['repository_index', 'repository_change']) {
      expect(await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first('n')).toBe(0)
    }
    await expectConsistent()
    // Who read a row of it just before still gets the bytes.
    expect(await listKeys('indexes/')).toEqual(indexes)
    await sweep(env.DB, env.BLOBS, Date.now() + 5 * 60 * 60 * 1000)
    expect(await listKeys('indexes/')).toEqual([])
    await publish({ name: 'b', version: '1-r0' }, MAIN.replace('main', 'community'))
  })

  it('lets the next publish make it anew, whatever the object remembers', async () => {
    await publish({ name: 'before', version: '1-r0' })
    await publish({ name: 'a', version: '1-r0' })
    for (const name of ['before', 'a']) expect((await remove(name)).status).toBe(204)
    expect(await deleteIt()).toEqual([204, ''])
    expect((await put(apk('after'))).text).toMatch(/^published after .*revision 1$/)
    expect(await namesInIndex()).toEqual(['after'])
    expect((await put(apk('more'))).text).toMatch(/revision 2$/)
    expect(await namesInIndex()).toEqual(['after', 'more'])
    expect(await download(fileOf('after'))).toBe(200)
    await expectConsistent()
  })

  it('lets it be declared immutable anew, with what the object remembers of it', async () => {
    await publishAndRemove()
    expect(await deleteIt()).toEqual([204, ''])
    expect((await declare()).status).toBe(200)
    expect((await put(apk('after'))).status).toBe(201)
    expect(await namesInIndex()).toEqual(['after'])
  })

  it('is for who manages the owner, and not for restricted tokens', async () => {
    await publishAndRemove()
    for (const grant of [
      { scopes: ['write'] },
      { scopes: ['admin'], repositories: ['edge/main'] },
      { scopes: ['admin'], packages: ['a'] },
    ]) {
      const { headers } = await tokenOf('acme', grant)
      expect((await deleteIt(headers))[0]).toBe(403)
    }
    expect(await deleteIt((await tokenOf('acme', { scopes: ['admin'] })).headers)).toEqual([
      204,
      '',
    ])
  })
})

describe('an immutable repository', () => {
  it('stays once a package was removed from it, whose name stays taken', async () => {
    expect((await declare()).status).toBe(200)
    await publishAndRemove()
    expect(await deleteIt()).toEqual([
      409,
      'repository edge/main is immutable, and names that were removed from it stay taken: it has to stay',
    ])
    expect((await put(apk('a', 'other'))).status).toBe(409)
    await expectConsistent()
  })

  it('that never held anything can be deleted', async () => {
    expect((await declare()).status).toBe(200)
    expect(await deleteIt()).toEqual([204, ''])
    expect(await repositories()).toBe(0)
  })
})

describe('at once', () => {
  it('a publish that was prepared before makes a new repository', async () => {
    await publishAndRemove()
    const before = await env.DB.prepare('SELECT id FROM repository').first('id')
    let batches = 0
    interceptCommits(async (run) => {
      if (batches++ === 0) expect(await deleteIt()).toEqual([204, ''])
      return run()
    })
    expect((await put(apk('b'))).text).toMatch(/^published b .*revision 1$/)
    expect(batches).toBe(2)
    expect(await env.DB.prepare('SELECT id FROM repository').first('id')).not.toBe(before)
    expect(await namesInIndex()).toEqual(['b'])
    await expectConsistent()
  })

  it('a publish that came first keeps it', async () => {
    await publishAndRemove()
    let deleted: unknown
    atSteps(async (step) => {
      if (step === 'after the batch') deleted = await deleteIt()
    })
    expect((await put(apk('b'))).status).toBe(201)
    expect(deleted).toEqual([409, 'repository edge/main still holds packages: remove them first'])
    expect(await namesInIndex()).toEqual(['b'])
    await expectConsistent()
  })

  it('the first batch of a repository that lands much later does not bring it back', async () => {
    const now = Date.now()
    let late: (() => Promise<unknown>) | undefined
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const clock = vi.spyOn(Date, 'now')
    atSteps((step, { sendBatch }) => {
      if (step === 'snapshot read' && late === undefined) clock.mockReturnValue(now - 31_000)
      if (step !== 'before the batch' || late !== undefined) return
      late = sendBatch
      clock.mockRestore()
    })
    // The batch that is too old is void, and the next one carries the publish.
    expect((await put(apk('a'))).status).toBe(201)
    expect((await remove('a')).status).toBe(204)
    expect(await deleteIt()).toEqual([204, ''])
    await expect(late?.()).rejects.toThrow(/stale_repository/)
    expect(await repositories()).toBe(0)
    await expectConsistent()
  })
})

describe('the page of a repository', () => {
  const BUTTON = 'Its index goes with it'

  it('has a form that deletes it while it is empty, for who manages the owner', async () => {
    await publish({ name: 'a', version: '1-r0' })
    const session = await signIn('admin-token-of-the-tests')
    const page = async (headers: HeadersInit = session.headers) =>
      (await answerOf(PAGE, { headers: { accept: 'text/html', ...headers } })).text
    expect(await page()).not.toContain(BUTTON)
    expect((await remove('a')).status).toBe(204)
    expect(await page()).toContain(BUTTON)
    expect(await page({})).not.toContain(BUTTON)
    const writer = await signIn((await tokenOf('acme', { scopes: ['write'] })).token)
    expect(await page(writer.headers)).not.toContain(BUTTON)
    const fields = { csrf: await csrfOf(session), type: 'alpine', name: 'edge/main' }
    const DELETE = '/acme/-/manage/repositories/delete'
    const deleted = await post(DELETE, fields, session.headers)
    expect([deleted.status, deleted.headers.get('location')]).toEqual([303, '/acme?notice=removed'])
    expect(await repositories()).toBe(0)
    const again = await post(DELETE, fields, session.headers)
    expect([again.status, again.text.includes('No such repository')]).toEqual([404, true])
  })
})
