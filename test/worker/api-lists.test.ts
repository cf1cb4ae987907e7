import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { API, linksOf, listed, read } from '../support/worker/api.ts'
import { override } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { publish } from '../types/alpine/repository.ts'

// Lists of the API, page by page, as Forgejo has them.

const TESTING = '/api/packages/acme/alpine/edge/testing'

beforeEach(() => createOwner())

describe('the list of packages', () => {
  beforeEach(async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '2-r0' })
    await publish({ name: 'world', version: '1-r0' }, TESTING)
  })

  it('is one of versions, newest first, as Forgejo writes them', async () => {
    const { body, headers } = await read(API)
    expect(headers.get('x-total-count')).toBe('3')
    expect(headers.get('link')).toBeNull()
    expect(await listed()).toEqual(['world 1-r0', 'hello 2-r0', 'hello 1-r0'])
    expect(body[1]).toEqual({
      id: expect.any(Number),
      owner: {
        id: expect.any(Number),
        login: 'acme',
        username: 'acme',
        full_name: '',
        html_url: 'https://registry.test/acme',
        visibility: 'public',
      },
      repository: null,
      creator: null,
      type: 'alpine',
      name: 'hello',
      version: '2-r0',
      html_url: 'https://registry.test/acme/-/packages/alpine/hello/2-r0',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      architectures: ['x86_64'],
      repositories: ['edge/main'],
    })
    expect(Number.isSafeInteger(body[1].owner.id)).toBe(true)
  })

  it.each([
    ['?q=HELL', ['hello 2-r0', 'hello 1-r0']],
    ['?q=%20world%20', ['world 1-r0']],
    ['?q=', ['world 1-r0', 'hello 2-r0', 'hello 1-r0']],
    ['?q=none', []],
    ['?type=alpine&q=wor', ['world 1-r0']],
    ['?type=all&q=wor', ['world 1-r0']],
    ['?type=&q=wor', ['world 1-r0']],
    ['?type=debian', []],
    ['?repository=edge/testing', ['world 1-r0']],
  ])('%s is narrowed', async (query, names) => {
    expect(await listed(query)).toEqual(names)
  })

  it('has pages that link to each other', async () => {
    const query = '?q=o&limit=1'
    const seen: string[] = []
    let last: Record<string, string> = {}
    for (let next: string | undefined = `${API}${query}`; next !== undefined; next = last.next) {
      const { body, headers } = await read(next)
      expect(headers.get('x-total-count')).toBe('3')
      seen.push(...body.map(({ name, version }: Record<string, string>) => `${name} ${version}`))
      last = linksOf(headers)
    }
    expect(seen).toEqual(['world 1-r0', 'hello 2-r0', 'hello 1-r0'])
    expect(last).toEqual({ first: `${API}${query}&page=1`, prev: `${API}${query}&page=2` })
    const { headers } = await read(`${API}${query}`)
    expect(linksOf(headers)).toEqual({
      next: `${API}${query}&page=2`,
      last: `${API}${query}&page=3`,
    })
    const beyond = await read(`${API}?page=9`)
    expect(beyond.body).toEqual([])
    expect(linksOf(beyond.headers)).toEqual({ first: `${API}?page=1`, prev: `${API}?page=1` })
  })

  it.each([
    ['page=-1&limit=2', 'limit=2'],
    ['page=0&limit=0', 'page=1&limit=50'],
    ['limit=-3', 'limit=50'],
    ['limit=101', 'limit=100'],
    ['limit=99999999999999999999&page=1', 'limit=100'],
  ])('%s is %s, as in Forgejo', async (query, meant) => {
    const [given, expected] = [await read(`${API}?${query}`), await read(`${API}?${meant}`)]
    expect(given.body).toEqual(expected.body)
    expect(given.body.length).toBeGreaterThan(1)
    const nextOf = ({ headers }: typeof given) =>
      new URLSearchParams(linksOf(headers).next?.split('?')[1]).get('page')
    expect(nextOf(given)).toBe(nextOf(expected))
  })

  it('a page far behind the last one is empty', async () => {
    const { body, headers } = await read(`${API}?page=99999999999999999999`)
    expect([body, headers.get('x-total-count')]).toEqual([[], '3'])
  })

  it.each(['page=x', 'page=', 'limit=1.5', 'limit=1e2', `q=${'a'.repeat(201)}`])(
    'refuses %s',
    async (query) => {
      const { status, text } = await answerOf(`${API}?${query}`)
      expect(status).toBe(400)
      expect(JSON.parse(text)).toMatchObject({ code: 'invalid-request', status: 400 })
    },
  )

  it('of owners too has links', async () => {
    await createOwner('other')
    const { headers } = await read('/api/v1/owners?limit=1', ADMIN)
    expect(linksOf(headers)).toEqual({
      next: '/api/v1/owners?limit=1&page=2',
      last: '/api/v1/owners?limit=1&page=2',
    })
  })

  it('is three statements, of whichever size', async () => {
    let statements = 0
    const counting = new Proxy(env.DB, {
      get: (db, name) => {
        if (name === 'withSession') return () => counting
        const value: unknown = Reflect.get(db, name)
        if (typeof value !== 'function') return value
        if (name === 'prepare') statements++
        return value.bind(db)
      },
    })
    await answerOf('/api/healthz')
    override({ DB: counting })
    for (const path of [API, `${API}/alpine/hello`, `${API}/alpine/hello/1-r0/files`]) {
      statements = 0
      await read(path)
      expect([path, statements]).toEqual([path, 3])
    }
  })
})
