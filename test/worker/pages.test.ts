import { describe, expect, it } from 'vitest'
import { signIn } from '../support/worker/browser.ts'
import { ADMIN, answerOf, createOwner, send } from '../support/worker/registry.ts'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " +
  "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

describe('a page', () => {
  it('is HTML with a policy that allows nothing but this origin', async () => {
    const { status, headers, text } = await answerOf('/', { headers: BROWSER })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toBe(POLICY)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(text).toMatch(/^<!DOCTYPE html><html lang="en">/)
    expect(text).not.toMatch(/<style|style="|onclick|<script>|https?:\/\/(?!www\.w3\.org)/)
  })

  it('is not sent again to who has it', async () => {
    await createOwner('acme', 'public')
    const first = await answerOf('/')
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^W\/"[0-9a-f]{32}"$/)
    expect(first.headers.get('cache-control')).toBe('public, no-cache')
    const again = await answerOf('/', { headers: { 'if-none-match': etag } })
    expect([again.status, again.text]).toEqual([304, ''])
    await createOwner('other', 'public')
    expect((await answerOf('/', { headers: { 'if-none-match': etag } })).status).toBe(200)
  })

  it('that somebody signed in sees is kept nowhere', async () => {
    const session = await signIn('admin-token-of-the-tests')
    for (const [who, name] of [
      [session.headers, '>Admin · all owners<'],
      [ADMIN, '>Sign in<'],
    ] as const) {
      const { headers, text } = await answerOf('/', { headers: { ...BROWSER, ...who } })
      expect(headers.get('cache-control')).toBe('private, no-store')
      expect(headers.get('etag')).toBeNull()
      expect(text).toContain(name)
    }
  })

  it('says what a form did, of what forms do alone', async () => {
    const noticeAt = async (notice: string) =>
      /<p class="panel notice" role="status">.*?<\/p>/.exec(
        (await answerOf(`/?notice=${notice}`)).text,
      )?.[0]
    expect(await noticeAt('removed')).toContain('Removed.')
    for (const other of ['', 'gone', 'constructor', '__proto__']) {
      expect([other, await noticeAt(other)]).toEqual([other, undefined])
    }
  })

  it('names its style and script by what is in them, for good', async () => {
    const { text } = await answerOf('/')
    const paths = [...text.matchAll(/"(\/-\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '')
    expect(paths).toHaveLength(2)
    for (const path of paths) {
      const asset = await answerOf(path)
      expect(asset.status).toBe(200)
      expect(asset.headers.get('content-type')).toMatch(/^text\/(css|javascript); charset=utf-8$/)
      expect(asset.headers.get('cache-control')).toContain('immutable')
      const other = await answerOf(path.replace(/[0-9a-f]{16}/, '0123456789abcdef'))
      expect([other.text, other.headers.get('cache-control')]).toEqual([asset.text, 'no-store'])
    }
  })
})

describe('the first page', () => {
  it('lists public owners and no others', async () => {
    await createOwner('acme', 'public')
    await createOwner('concealed', 'private')
    const { text } = await answerOf('/')
    expect(text).toContain('<a href="/acme">acme</a>')
    expect(text).not.toContain('concealed')
    expect((await answerOf('/?q=AC')).text).toContain('<a href="/acme">acme</a>')
    expect((await answerOf('/?q=b')).text).toContain('No such owner')
  })

  it('repeats nothing unescaped', async () => {
    const { text } = await answerOf(`/?q=${encodeURIComponent('"><script>alert(1)</script>')}`)
    expect(text).not.toContain('<script>alert')
    expect(text).toContain('&lt;script&gt;')
  })
})

describe('a fault', () => {
  it('is a page for browsers and a line for others', async () => {
    const page = await answerOf('/-/nothing', { headers: BROWSER })
    expect(page.status).toBe(404)
    expect(page.headers.get('content-security-policy')).toBe(POLICY)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.text).toContain('<h1>Not found</h1>')
    const line = await answerOf('/-/nothing')
    expect(line.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(line.headers.get('content-security-policy')).toContain('sandbox')
    expect(line.text).toBe('there is nothing at this path')
  })

  it('of a path that the API does not have names the list of its paths', async () => {
    for (const path of ['/api/packages/acme/alpine/edge', '/api/nothing']) {
      const { status, text } = await answerOf(path, { method: 'PUT' })
      expect([status, text]).toEqual([
        404,
        'there is nothing at this path: /api/v1/docs lists the paths of the API',
      ])
    }
  })

  it('under /api is never a page', async () => {
    for (const path of ['/api', '/api/v1/owners', '/api/packages/acme/alpine/edge/main/x/y.apk']) {
      const { headers } = await send(path, { headers: BROWSER })
      expect(headers.get('content-type')).not.toContain('text/html')
    }
  })
})
