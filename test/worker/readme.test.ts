// READMEs: on pages, in the documents that have them, and nowhere else.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, send } from '../support/worker/registry.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { buildPublish as buildCrate } from '../types/cargo/builder.ts'
import { type BodySpec, buildPublish } from '../types/npm/builder.ts'

const NPM = '/api/packages/acme/npm'
const CARGO = '/api/packages/acme/cargo'
const SHORT = { accept: 'application/vnd.npm.install-v1+json' }
const README = [
  ...['# Greets', '', 'See [the site](https://example.com/a?b&c) or [not](javascript:alert(1)).'],
  ...['<script>alert(2)</script> <img src="https://tracker.example/p.png"> \u202Eedoc', ''],
  ...['![pixel](https://tracker.example/q.png)', '', '```js', 'if (a < b) "<b>"', '```', ''],
].join('\n')

async function publish(spec: BodySpec = {}): Promise<void> {
  const path = `${NPM}/${spec.name ?? 'hello-world'}`
  const answer = await answerOf(path, { method: 'PUT', headers: ADMIN, body: buildPublish(spec) })
  expect(answer).toMatchObject({ status: 201 })
}

const page = async (path: string) =>
  (await answerOf(path, { headers: { accept: 'text/html' } })).text
const document = async (headers: HeadersInit = {}) =>
  JSON.parse((await answerOf(`${NPM}/hello-world`, { headers })).text)
const charged = () =>
  env.DB.prepare('SELECT sum(metadata_bytes) AS bytes FROM package_file').first<number>('bytes')
const count = () => env.DB.prepare('SELECT count(*) AS n FROM package_readme').first<number>('n')

beforeEach(() => createOwner())

describe('the README of a package', () => {
  it('is on its page, where nothing of it is markup, is loaded, or reads as something else', async () => {
    await publish({ files: { 'README.md': README } })
    const text = await page('/acme/-/packages/npm/hello-world')
    expect(text).toMatch(/<h3>\s*Greets\s*<\/h3>/)
    expect(text).toMatch(
      /<a href="https:\/\/example.com\/a\?b&amp;c" rel="nofollow noopener noreferrer">\s*the site/,
    )
    expect(text).toContain('if (a &lt; b) &quot;&lt;b&gt;&quot;')
    expect(text).toContain('\\u{202e}edoc')
    expect(text).not.toMatch(/\u202e|tracker\.example|javascript:|<script>alert|<img/)
  })

  it('is in part on the page where it is long, and whole as text', async () => {
    const long = Array.from({ length: 6000 }, (_, at) => `line ${at} <b>`).join('\n')
    await publish({ files: { README: long } })
    const text = await page('/acme/-/packages/npm/hello-world/1.0.0')
    const href = '/acme/-/readme/npm/hello-world/1.0.0'
    expect(text).toContain(`href="${href}"`)
    expect(text).toContain('line 1000')
    expect(text).not.toContain('line 3000')
    const whole = await send(href)
    expect(whole.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(whole.headers.get('x-content-type-options')).toBe('nosniff')
    const kept = await whole.text()
    expect(long.startsWith(kept)).toBe(true)
    expect(kept.length).toBe(65_536)
    expect((await send('/acme/-/readme/npm/hello-world/9.9.9')).status).toBe(404)
    expect((await send('/acme/-/readme/npm/none/1.0.0')).status).toBe(404)
  })

  it('is in the full document as that of the version under latest, and read for no other', async () => {
    await publish({ files: { 'readme.md': 'one' } })
    await publish({ version: '2.0.0-rc.1', tags: { next: '2.0.0-rc.1' }, files: { README: 'rc' } })
    expect(await document()).toMatchObject({ readme: 'one', readmeFilename: 'readme.md' })
    await publish({ version: '1.1.0', files: { 'README.md': 'two' } })
    expect(await document()).toMatchObject({ readme: 'two', readmeFilename: 'README.md' })
    const statements = recordStatements()
    expect(await document(SHORT)).not.toHaveProperty('readme')
    await answerOf(`${NPM}/hello-world/1.0.0`)
    expect(statements.filter((sql) => sql.includes('package_readme'))).toEqual([])
    await publish({ version: '1.2.0', files: { 'index.js': '' } })
    expect(await document()).toMatchObject({ readme: '', readmeFilename: '' })
  })

  it('of a crate is the one that cargo sends', async () => {
    const metadata = { readme: '# Of the crate', readme_file: 'docs/README.md' }
    const body = buildCrate({ metadata })
    const { status } = await answerOf(`${CARGO}/api/v1/crates/new`, {
      method: 'PUT',
      headers: ADMIN,
      body,
    })
    expect(status).toBe(200)
    expect(await page('/acme/-/packages/cargo/hello-world')).toMatch(/<h3>\s*Of the crate/)
  })

  it('is charged to its owner, and goes with its file', async () => {
    await publish({ name: 'without', files: { 'index.js': '' } })
    const before = Number(await charged())
    await publish({ name: 'with-one', files: { README: 'é'.repeat(500) } })
    expect(Number(await charged()) - 2 * before).toBeGreaterThan(1000)
    expect(await count()).toBe(1)
    await expectConsistent()
    await answerOf(`/api/v1/packages/acme/npm/with-one/1.0.0`, { method: 'DELETE', headers: ADMIN })
    expect(await count()).toBe(0)
    await expectConsistent()
  })

  it('that is lost is named by the check', async () => {
    await publish({ files: { README: 'x'.repeat(500) } })
    await env.DB.prepare('DELETE FROM package_readme').run()
    const { text } = await answerOf('/api/v1/deployment/check?after=', { headers: ADMIN })
    expect(text).toContain('or its README, are lost')
  })

  it('of a private owner is for its readers', async () => {
    await createOwner('secret', 'private')
    const path = '/api/packages/secret/npm/hello-world'
    await answerOf(path, { method: 'PUT', headers: ADMIN, body: buildPublish({}) })
    expect((await send('/secret/-/readme/npm/hello-world/1.0.0')).status).not.toBe(200)
  })
})
