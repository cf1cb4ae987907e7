import { beforeEach, describe, expect, it } from 'vitest'
import { csrfOf, post, signIn } from '../support/worker/browser.ts'
import { answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'

// What pages say of who is signed in, why somebody is asked to sign in, and where the links of refusals lead.

const ADMIN_TOKEN = 'admin-token-of-the-tests'
const BROWSER = { accept: 'text/html' }

beforeEach(async () => {
  await createOwner('acme')
  await createOwner('vault', 'private')
})

async function pageAt(path: string, headers: HeadersInit = {}) {
  const answer = await answerOf(path, { headers: { ...BROWSER, ...headers }, redirect: 'manual' })
  return { ...answer, location: answer.headers.get('location') }
}

/** The page that somebody without a session comes to. */
async function askedFor(path: string): Promise<string> {
  const { status, location } = await pageAt(path)
  expect([path, status]).toEqual([path, 303])
  const { status: then, text } = await pageAt(location ?? '')
  expect([path, then]).toEqual([path, 200])
  return text
}

const mainOf = (text: string) => /<main.*<\/main>/s.exec(text)?.[0] ?? ''
const linksIn = (html: string) =>
  [...html.matchAll(/href="([^"#]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))

describe('the header', () => {
  it('has owner and token as a link to the owner', async () => {
    const { token } = await tokenOf('vault', { name: 'ci <b>', scopes: ['read'] })
    const { headers } = await signIn(token)
    for (const path of ['/', '/acme', '/vault']) {
      const { text } = await pageAt(path, headers)
      expect(text).toMatch(/<a class="who" href="\/vault"[^>]*>vault · ci &lt;b&gt;<\/a>/)
      expect(text).toContain('Sign out')
    }
    const admin = await signIn(ADMIN_TOKEN)
    expect((await pageAt('/', admin.headers)).text).toMatch(
      /<a class="who" href="\/-\/owners"[^>]*>Admin · all owners<\/a>/,
    )
  })

  it('leads to signing in and back, from the first page to one’s own owner', async () => {
    const { token } = await tokenOf('vault', { scopes: ['read'] })
    for (const [path, next, then] of [
      ['/acme?q=a', '/acme?q=a', '/acme?q=a'],
      ['/', '', '/vault'],
    ] as const) {
      const { text } = await pageAt(path)
      const href = linksIn(text).find((link) => link.startsWith('/-/sign-in'))
      expect(href).toBe(next === '' ? '/-/sign-in' : `/-/sign-in?next=${encodeURIComponent(next)}`)
      const { headers } = await post('/-/sign-in', { token, ...(next && { next }) })
      expect(headers.get('location')).toBe(then)
    }
    expect((await pageAt('/-/sign-in')).text).not.toContain('href="/-/sign-in')
  })
})

describe('who is asked to sign in is told why', () => {
  it('the same of a private owner and of one that does not exist', async () => {
    const paths = ['', '/-/packages/alpine/hello', '/-/manage', '/-/upload']
    for (const path of paths) {
      const [vault, valet] = [await askedFor(`/vault${path}`), await askedFor(`/valet${path}`)]
      expect(vault.replaceAll('vault', 'valet')).toBe(valet)
      expect(vault).toContain('There is no public owner “vault”.')
      expect(vault).toContain('a token of vault shows its pages')
    }
  })

  it('with public owners that begin alike, and no others', async () => {
    await createOwner('acorn', 'private')
    const text = mainOf(await askedFor('/acm'))
    expect(linksIn(text)).toEqual(['/acme'])
    expect(text).not.toContain('acorn')
    expect(linksIn(mainOf(await askedFor('/zebra')))).toEqual(['/?q=ze'])
  })

  it('of what changes a public owner, and of the list of owners', async () => {
    expect(await askedFor('/acme/-/upload')).toContain('sign in with a token of acme')
    expect(await askedFor('/-/owners')).toContain('is for the admin token')
    const { text } = await pageAt('/-/sign-in?next=%2Facme')
    expect(mainOf(text)).not.toContain('acme.')
  })

  it('that a session is over, or that there is one', async () => {
    const { token } = await tokenOf('acme', { name: 'ci', scopes: ['read'] })
    const session = await signIn(token)
    expect((await pageAt('/-/sign-in', session.headers)).text).toContain(
      'with the token ci of <a href="/acme">acme</a>',
    )
    await post('/-/sign-out', { csrf: await csrfOf(session) }, session.headers)
    expect((await pageAt('/-/sign-in', session.headers)).text).toContain('that session is over')
    expect((await pageAt('/-/sign-in')).text).not.toContain('that session is over')
  })
})

describe('a refusal', () => {
  it('has no link that leads to the same one', async () => {
    const { token } = await tokenOf('acme', { scopes: ['read'] })
    const { headers } = await signIn(token)
    for (const [path, status] of [
      ['/vault', 404],
      ['/vault/-/packages/alpine/hello', 404],
      ['/nobody/-/upload', 404],
      ['/acme/-/upload', 403],
      ['/acme/-/manage', 403],
      ['/-/owners', 403],
      ['/acme/nothing/here', 404],
    ] as const) {
      const page = await pageAt(path, headers)
      expect([path, page.status]).toEqual([path, status])
      const links = linksIn(mainOf(page.text))
      expect([path, links.length]).not.toEqual([path, 0])
      for (const link of links) {
        const { status: then } = await pageAt(link, headers)
        expect([path, link, then]).toEqual([path, link, 200])
      }
    }
  })

  it('tells a token of another owner nothing of whether an owner exists', async () => {
    const { token } = await tokenOf('acme', { scopes: ['read'] })
    const { headers } = await signIn(token)
    const [vault, valet] = [await pageAt('/vault', headers), await pageAt('/valet', headers)]
    expect(vault.text.replaceAll('vault', 'valet')).toBe(valet.text)
    expect(mainOf(vault.text)).toContain('Sign in with another token')
  })
})
