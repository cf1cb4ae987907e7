// What a package holds, on its page.
import { env } from 'cloudflare:workers'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { answerOf, createOwner, forgetContents } from '../support/worker/registry.ts'
import { publish } from '../types/alpine/repository.ts'

const PAGE = '/acme/-/packages/alpine/hello/1-r0'
const hello = { name: 'hello', version: '1-r0' }

/** What stands under the heading, and as text. */
async function shown() {
  const { status, text: page } = await answerOf(PAGE, { headers: { accept: 'text/html' } })
  expect(status).toBe(200)
  const html = page.split('<section>').find((part) => part.startsWith('<h2>Contents')) ?? ''
  const section = html.split('</section>')[0] ?? ''
  return { page, section, items: treeOf(section) }
}

/** Folders and leaves in the order of the tree. */
function treeOf(html: string): (string | undefined)[] {
  const lists = html.slice(html.indexOf('<ul class="tree">'))
  const entry =
    /<details open=""><summary>(.*?)<\/summary>|<li>([^<]+)<|<li class="ends"><span>(.*?)<\/span>/g
  return [...lists.matchAll(entry)].map(([, folder, empty, leaf]) => folder ?? empty ?? leaf)
}

beforeEach(() => createOwner())

it('is a tree of paths, with where links point to, and leads to the whole', async () => {
  await publish({
    ...hello,
    files: [
      { path: 'usr/bin/hello', content: 'x'.repeat(2000) },
      { path: 'usr/bin/hi', link: 'hello' },
      { path: 'usr/bin/hey', hardLink: 'usr/bin/hello' },
    ],
  })
  const { section, items } = await shown()
  expect(items).toEqual(['usr/bin/', 'hello', 'hi → hello', 'hey = /usr/bin/hello'])
  expect(section).toContain('2000 bytes')
  expect(section).toContain('What hello-1-r0.apk x86_64 holds</summary>')
  const href = /href="([^"]+)"/.exec(section)?.[1] ?? ''
  const whole = await answerOf(href, { headers: { accept: 'text/html' } })
  expect(treeOf(whole.text)).toEqual(['usr/bin/', 'hello', 'hi → hello', 'hey = /usr/bin/hello'])
  const [, json = ''] = /href="([^"]+)">The list with checksums, as JSON/.exec(whole.text) ?? []
  expect(JSON.parse((await answerOf(json)).text)).toMatchObject({ total: 5 })
})

it('holds texts that are no markup', async () => {
  const path = '<script>alert(1)'
  await publish({ ...hello, files: [{ path }, { path: 'x', link: '"><img src=x>' }] })
  const { items, page } = await shown()
  expect(items).toEqual(['&lt;script&gt;alert(1)', 'x → &quot;&gt;&lt;img src=x&gt;'])
  expect(page).not.toContain('<script>alert')
})

it('is the beginning of what is long, and the page stays light', async () => {
  const files = Array.from({ length: 1000 }, (_, at) => ({ path: `f${at}` }))
  await publish({ ...hello, files })
  const many = await shown()
  expect(many.items).toEqual(files.slice(0, many.items.length).map(({ path }) => path))
  expect(many.items.length).toBeGreaterThan(50)
  expect(many.section).toContain(`: the first ${many.items.length} of 1000 paths`)
})

it('stays light whatever the paths are', async () => {
  const noise = () =>
    // As long as Linux takes names: 255 bytes, in a path of 4,050.
    Array.from({ length: 15 }, () =>
      Array.from(crypto.getRandomValues(new Uint16Array(85)), (at) =>
        String.fromCharCode(0x4e00 + (at % 20_000)),
      ).join(''),
    ).join('/')
  await publish({ ...hello, files: Array.from({ length: 100 }, () => ({ path: noise() })) })
  const { page, items } = await shown()
  expect(items.length).toBeGreaterThan(2)
  expect(gzipSync(page).length).toBeLessThan(45_000)
})

it('is left out where nothing was recorded, and everything else is shown', async () => {
  await publish(hello)
  await forgetContents()
  const { section, page } = await shown()
  expect(section).toBe('')
  expect(page).toContain('hello-1-r0.apk')
})

it('has all paths on pages of their own, of each architecture', async () => {
  const files = Array.from({ length: 1000 }, (_, at) => ({ path: `d/f${at}` }))
  await publish({ ...hello, files })
  await publish({ ...hello, arch: 'aarch64', files: [{ path: 'other' }] })
  const { section } = await shown()
  const links = [...section.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href)
  const pages = new Set(links)
  expect(pages.size).toBe(2)
  const seen: (string | undefined)[] = []
  for (const first of pages) {
    const path = first.split('?')[0] ?? ''
    for (let next: string | undefined = ''; next !== undefined; ) {
      const { status, text } = await answerOf(path + next, { headers: { accept: 'text/html' } })
      expect([next, status]).toEqual([next, 200])
      expect(gzipSync(text).length).toBeLessThan(40_000)
      expect(text).toContain('aria-label="File"')
      seen.push(...treeOf(text).filter((each) => each !== 'd/'))
      next = /rel="next" href="([^"]+)"/.exec(text)?.[1]
    }
  }
  expect(new Set(seen)).toEqual(new Set(['other', ...files.map(({ path }) => path.slice(2))]))
  expect(seen).toHaveLength(1001)
})

it.each(['f'.repeat(64), 'nothing'])(
  'of a file that the version has not is a 404: %s',
  async (sha256) => {
    await publish(hello)
    const path = `/acme/-/contents/alpine/hello/1-r0/${sha256}`
    expect((await answerOf(path, { headers: { accept: 'text/html' } })).status).toBe(404)
  },
)

it('of very deep paths is shown', async () => {
  await publish({ ...hello, files: [{ path: `${'a/'.repeat(1000)}b` }] })
  const { items, section } = await shown()
  expect(items.at(-1)).toMatch(/^(a\/){30,}$/)
  expect(section.match(/<ul class="tree">/g)?.length).toBeLessThanOrEqual(16)
})

it('is left out while it cannot be read, and nothing else is', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  await publish(hello)
  const get = (() => Promise.reject(new Error('get: internal error'))) as R2Bucket['get']
  override({ BLOBS: wrapMethod(env.BLOBS, 'get', get) })
  const { section, page } = await shown()
  expect(section).toContain('cannot be read just now')
  expect(page).toContain('hello-1-r0.apk')
})
