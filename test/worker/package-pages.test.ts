import { env } from 'cloudflare:workers'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { setMarks } from '../../src/core/packages/marks.ts'
import { moveTag } from '../../src/core/packages/tags.ts'
import { limitsOf } from '../../src/env.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { recordStatements } from '../support/worker/statements.ts'
import type { ApkSpec } from '../types/alpine/builder.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'
import { samples } from '../types/samples.ts'

const BROWSER = { accept: 'text/html,*/*;q=0.8' }
const HELLO = '/acme/-/packages/alpine/hello'
const REPOSITORY = '/acme/-/alpine/edge/main'

async function textOf(path: string, headers: HeadersInit = BROWSER): Promise<string> {
  const { status, text } = await answerOf(path, { headers })
  expect([path, status]).toEqual([path, 200])
  return text
}

/** The entries of the section under a heading, each with where it leads to. */
function entriesOf(html: string, heading: string): Record<string, string | null> {
  const section = html.split(/<h2>/).find((part) => part.startsWith(heading)) ?? ''
  const list = /<ul class="names">(.*?)<\/ul>/.exec(section)?.[1] ?? ''
  const items = [...list.matchAll(/<li>(?:<a href="([^"]*)">)?([^<]*)/g)]
  return Object.fromEntries(items.map(([, href = null, text = '']) => [text, href]))
}

const info = (more: ApkSpec['info']): NonNullable<ApkSpec['info']> => ({ ...more })

describe('a page of a package', () => {
  // Of packages that were taken when any number was.
  it.each([8_640_000_000_001, 1.7e18, -1])('shows numbers of any size: %d', async (number) => {
    await createOwner('acme')
    await publish({ name: 'hello', version: '1-r0' })
    const change = `UPDATE package_file
      SET metadata = json_set(metadata, '$.buildTime', ?1, '$.installedSize', ?1)`
    await env.DB.prepare(change).bind(number).run()
    for (const path of [HELLO, `${HELLO}/1-r0`, '/acme', REPOSITORY]) await textOf(path)
  })
})

describe('without a version, the page of a package', () => {
  const BADGE = /<span class="badge accent">latest</
  const versionOf = (html: string) => /<span class="version">([^<]*)/.exec(html)?.[1]

  it('shows the highest version, or that under the tag `latest`, and says so', async () => {
    await createOwner('acme')
    for (const version of ['1.9-r0', '1.10-r0', '1.2-r0']) await publish({ name: 'hello', version })
    const page = await textOf(HELLO)
    expect([versionOf(page), BADGE.test(page)]).toEqual(['1.10-r0', true])
    expect(await textOf(`${HELLO}/1.2-r0`)).not.toMatch(BADGE)
    expect(await textOf(`${HELLO}/1.10-r0`)).toMatch(BADGE)
    const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first('id'))
    const place = { ownerId, type: 'alpine', packageName: 'hello' }
    const change = { changeId: crypto.randomUUID(), createdBy: 'admin' }
    expect(await moveTag(env.DB, place, 'latest', '1.9-r0', change, limitsOf(env))).toBe('moved')
    expect(versionOf(await textOf(HELLO))).toBe('1.9-r0')
    expect(await textOf(`${HELLO}/1.10-r0`)).not.toMatch(BADGE)
    await answerOf(`${MAIN}/x86_64/hello-1.9-r0.apk`, { method: 'DELETE', headers: ADMIN })
    expect(versionOf(await textOf(HELLO))).toBe('1.10-r0')
  })
})

describe('from a repository, the page of a package', () => {
  it('shows the version that the line under it installs', async () => {
    await createOwner('acme')
    const versionOf = (html: string) => /<span class="version">([^<]*)/.exec(html)?.[1]
    const stable = '/api/packages/acme/alpine/v3.22/main'
    await publish({ name: 'hello', version: '2.0-r0' })
    await publish({ name: 'hello', version: '1.9-r0' }, stable)
    await publish({ name: 'hello', version: '1.9-r1' }, stable)
    await publish({ name: 'hello', version: '1.8-r0' }, stable)
    expect(versionOf(await textOf(HELLO))).toBe('2.0-r0')
    const page = await textOf(`${HELLO}?from=v3.22%2Fmain`)
    expect(versionOf(page)).toBe('1.9-r1')
    expect(page).toContain('/v3.22/main')
    expect(page).not.toMatch(/<span class="badge accent">latest</)
    expect(versionOf(await textOf(`${HELLO}?from=edge%2Fmain`))).toBe('2.0-r0')
    expect(versionOf(await textOf(`${HELLO}?from=none`))).toBe('2.0-r0')
    expect(versionOf(await textOf(`${HELLO}/1.8-r0?from=v3.22%2Fmain`))).toBe('1.8-r0')
    const list = await textOf('/acme?repository=v3.22/main')
    expect(list).toContain(
      `<a class="name" href="${HELLO}?from=v3.22%2Fmain">hello</a> <span class="version">1.9-r1`,
    )
  })
})

describe('the page of an owner', () => {
  it('lists packages with their latest version, and narrows them', async () => {
    await createOwner('acme')
    await publish({ name: 'hello', version: '1-r0', info: info({ pkgdesc: 'Says hello' }) })
    await publish({ name: 'hello', version: '2-r0', info: info({ pkgdesc: 'Says hello twice' }) })
    await publish({ name: 'other', version: '1-r0' }, '/api/packages/acme/alpine/v3.22/main')
    const all = await textOf('/acme')
    expect(all).toContain(`<a class="name" href="${HELLO}">hello</a> <span class="version">2-r0`)
    expect(all).toContain('Says hello twice')
    expect(all).toContain('2 versions')
    expect(all).toContain('2 packages')
    const shown = (html: string) =>
      [...html.matchAll(/class="name"[^>]*>([^<]*)/g)].map((m) => m[1])
    expect(shown(await textOf('/acme?q=HEL'))).toEqual(['hello'])
    expect(shown(await textOf('/acme?repository=v3.22/main'))).toEqual(['other'])
    expect(shown(await textOf('/acme?sort=newest'))).toEqual(['other', 'hello'])
    expect(shown(await textOf('/acme?type=nothing'))).toEqual([])
    expect(await textOf('/acme?q=zzz')).toContain('Nothing found')
    expect(await textOf('/acme?page=2')).toContain('Nothing found')
  })

  it('says of an empty owner that there is nothing yet', async () => {
    await createOwner('acme')
    expect(await textOf('/acme')).toContain('No packages yet')
  })

  it('goes from page to page and keeps the search', async () => {
    await createOwner('acme')
    const bytes = Array.from({ length: 31 }, (_, at) => ({ name: `p${at}`, version: '1-r0' }))
    await Promise.all(bytes.map((spec) => publish(spec)))
    const first = await textOf('/acme?q=p&sort=newest')
    expect(first).toContain('31 packages')
    expect(first).toContain('rel="next" href="/acme?q=p&amp;sort=newest&amp;page=2"')
    const second = await textOf('/acme?q=p&sort=newest&page=2')
    expect(second.match(/class="name"/g)).toHaveLength(1)
    expect(second).toContain('rel="prev" href="/acme?q=p&amp;sort=newest"')
  })
})

describe('the page of a package', () => {
  it('shows what its files say, under any version and without one', async () => {
    await createOwner('acme')
    const more = info({ pkgdesc: 'Says hello', license: 'MIT', maintainer: 'Ada <a@b.example>' })
    await publish({ name: 'hello', version: '1-r0', arch: 'aarch64', info: more })
    const bytes = await publish({ name: 'hello', version: '2-r0', arch: 'x86_64', info: more })
    const page = await textOf(HELLO)
    expect(page).toContain('<h1>hello</h1><span class="version">2-r0</span>')
    for (const text of ['Says hello', 'MIT', 'Ada &lt;a@b.example&gt;', 'x86_64', '>1-r0</a>']) {
      expect(page).toContain(text)
    }
    expect(page.slice(page.indexOf('<h2>Files'))).not.toContain('aarch64')
    const [, path = ''] = /href="([^"]*\.apk)" download/.exec(page) ?? []
    expect((await answerOf(path)).headers.get('content-length')).toBe(String(bytes.length))
    expect(await textOf(`${HELLO}/1-r0`)).toContain('aarch64')
    expect(await textOf('/acme/-/versions/alpine/hello')).toContain('2 versions')
  })

  it('links what it needs to what provides that, and to what needs it', async () => {
    await createOwner('acme')
    const depend = ['so:libx.so.1', 'cmd:tool', 'data>=1', '!rival', 'absent', '/bin/sh']
    await publish({ name: 'hello', version: '1-r0', info: info({ depend }) })
    await publish({ name: 'libx', version: '1-r0', info: info({ provides: 'so:libx.so.1=1.0' }) })
    await publish({ name: 'tools', version: '1-r0', info: info({ provides: 'cmd:tool=1-r0' }) })
    await publish({ name: 'data', version: '1-r0' })
    await publish({ name: 'rival', version: '1-r0' })
    const to = (name: string) => `/acme/-/packages/alpine/${name}`
    const page = await textOf(HELLO)
    expect(entriesOf(page, 'Depends on')).toEqual({
      'so:libx.so.1': to('libx'),
      'cmd:tool': to('tools'),
      'data&gt;=1': to('data'),
      absent: null,
      '/bin/sh': null,
    })
    expect(entriesOf(page, 'Conflicts with')).toEqual({ rival: to('rival') })
    for (const name of ['libx', 'tools', 'data']) {
      expect(entriesOf(await textOf(to(name)), 'Required by')).toEqual({ hello: HELLO })
    }
    expect(entriesOf(await textOf(to('rival')), 'Required by')).toEqual({})
    await answerOf(`${MAIN}/x86_64/hello-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
    expect(entriesOf(await textOf(to('libx')), 'Required by')).toEqual({})
  })

  it('links nothing of another owner', async () => {
    await createOwner('acme')
    await createOwner('other')
    await publish({
      name: 'hello',
      version: '1-r0',
      info: info({ depend: ['libx', 'so:libx.so.1'] }),
    })
    const provides = 'so:libx.so.1=1.0'
    const elsewhere = '/api/packages/other/alpine/edge/main'
    await publish({ name: 'libx', version: '1-r0', info: info({ provides }) }, elsewhere)
    const entries = entriesOf(await textOf(HELLO), 'Depends on')
    expect(entries).toEqual({ libx: null, 'so:libx.so.1': null })
    const page = await textOf('/other/-/packages/alpine/libx')
    expect(entriesOf(page, 'Required by')).toEqual({})
  })

  it('escapes whatever a package says, and makes no link of what is no web address', async () => {
    await createOwner('acme')
    const hostile = '"><script>alert(1)</script>'
    const url = 'javascript:alert(1)'
    const more = info({ pkgdesc: hostile, license: hostile, maintainer: hostile, url })
    await publish({ name: 'hello', version: '1-r0', info: more })
    for (const path of [HELLO, '/acme']) {
      expect(await textOf(path)).not.toMatch(/<script>|href="javascript:/)
    }
    expect(await textOf(HELLO)).toContain('&quot;&gt;&lt;script&gt;alert(1)')
  })

  it('of another type has its files, under names that need encoding', async () => {
    await createOwner('acme')
    const headers = ADMIN
    const path = '/api/packages/acme/generic/Hand+Book/2026%20%2F%20%C3%A4/a%20%231.txt'
    expect((await answerOf(path, { method: 'PUT', headers, body: 'text' })).status).toBe(201)
    const [, href = ''] =
      /class="name" href="([^"]*)">Hand\+Book</.exec(await textOf('/acme')) ?? []
    const page = await textOf(href)
    expect(page).toContain('<span class="version">2026 / ä</span>')
    const [, file = ''] = /href="([^"]*)" download/.exec(page) ?? []
    expect((await answerOf(file)).text).toBe('text')
    const [, version = ''] = /class="mono" href="([^"]*)" aria-current/.exec(page) ?? []
    expect(await textOf(version)).toContain('a #1.txt')
    expect(await textOf('/acme?type=generic')).toContain('1 package found')
    expect(await textOf('/acme?type=alpine')).toContain('Nothing found')
  })

  it('says what there is where a version, a package or a type is not', async () => {
    await createOwner('acme')
    await publish({ name: 'hello', version: '1-r0' })
    const version = await answerOf(`${HELLO}/9-r0`, { headers: BROWSER })
    expect(version.status).toBe(404)
    expect(version.text).toContain(`<a href="${HELLO}/1-r0">1-r0</a>`)
    for (const path of ['/acme/-/packages/alpine/hullo', '/acme/-/packages/nothing/hello']) {
      const { status, text } = await answerOf(path, { headers: BROWSER })
      expect([status, text.includes('No such package')]).toEqual([404, true])
    }
  })
})

describe('the page of a repository', () => {
  it('shows revision, keys, indexes and changes', async () => {
    await createOwner('acme')
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'gone', version: '1-r0' })
    await answerOf(`${MAIN}/x86_64/gone-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
    const page = await textOf(REPOSITORY)
    expect(page).toMatch(/<dt>Revision<\/dt><dd>3<\/dd>/)
    expect(page).toContain(`href="${HELLO}/1-r0">hello-1-r0.apk</a>`)
    expect(page).toContain('<span class="badge warn">removed</span>')
    expect(page).toContain('<span class="mono">gone-1-r0.apk</span>')
    for (const [, path = ''] of page.matchAll(/href="([^"]*)" download/g)) {
      expect([path, (await answerOf(path)).status]).toEqual([path, 200])
    }
    const owner = JSON.parse((await answerOf('/api/v1/owners/acme')).text)
    expect(page).toContain(owner.key_file)
    expect(page).toMatch(/<code>[0-9a-f]{64}<\/code>/)
  })

  it('says that one that is not there begins with a package', async () => {
    await createOwner('acme')
    const { status, text } = await answerOf('/acme/-/alpine/edge/none', { headers: BROWSER })
    expect([status, text.includes('No such repository yet')]).toEqual([404, true])
    expect((await answerOf('/acme/-/alpine/edge/-bad', { headers: BROWSER })).status).toBe(400)
  })
})

const PAGES = ['/acme', HELLO, `${HELLO}/1-r0`, '/acme/-/versions/alpine/hello', REPOSITORY]

describe('pages of a private owner', () => {
  it('are the same to others as those of an owner that is not there', async () => {
    await createOwner('acme', 'private')
    await publish({ name: 'hello', version: '1-r0' })
    const seen = async (path: string, headers: HeadersInit) => {
      const { status, text, headers: got } = await answerOf(path, { headers, redirect: 'manual' })
      return { status, text, headers: Object.fromEntries(got) }
    }
    for (const path of PAGES) {
      const absent = path.replace('acme', 'nope')
      for (const headers of [BROWSER, {}]) {
        const expected = await seen(absent, headers)
        const got = await seen(path, headers)
        expect(JSON.parse(JSON.stringify(got).replaceAll('acme', 'nope'))).toEqual(expected)
      }
      const { status, headers } = await answerOf(path, { headers: BROWSER, redirect: 'manual' })
      expect(status).toBe(303)
      expect(headers.get('location')).toBe(`/-/sign-in?next=${encodeURIComponent(path)}`)
    }
  })

  it('are not under the name of another', async () => {
    await createOwner('acme', 'private')
    await createOwner('other')
    await publish({ name: 'hello', version: '1-r0' })
    expect(await textOf('/other')).not.toContain('hello')
    for (const path of PAGES.slice(1)) {
      const { status } = await answerOf(path.replace('acme', 'other'), { headers: BROWSER })
      expect([path, status]).toEqual([path, 404])
    }
  })

  it('are for who may read, and kept nowhere', async () => {
    await createOwner('acme', 'private')
    await publish({ name: 'hello', version: '1-r0' })
    const { headers } = await tokenOf('acme', { scopes: ['read'] })
    for (const path of PAGES) {
      const answer = await answerOf(path, { headers: { ...BROWSER, ...headers } })
      expect([path, answer.status]).toEqual([path, 200])
      expect(answer.headers.get('cache-control')).toBe('private, no-store')
    }
    expect(await textOf('/')).not.toContain('href="/acme"')
  })
})

describe('what a page costs', () => {
  /** As much as a package can say, of several architectures. */
  async function publishLarge(): Promise<void> {
    // As much as the index takes of a package.
    const names = (prefix: string) => Array.from({ length: 540 }, (_, at) => `${prefix}-${at}-name`)
    const more = info({
      depend: names('needs'),
      provides: names('cmd:gives'),
      install_if: names('if'),
    })
    for (const arch of ['x86_64', 'aarch64', 'armv7']) {
      await publish({ name: 'hello', version: '1-r0', arch, info: more })
    }
    const provides = names('needs').slice(0, 300).join(' ')
    await publish({ name: 'needed', version: '1-r0', info: info({ provides }) })
  }

  it('is at most three statements', async () => {
    await createOwner('acme')
    await publishLarge()
    // The first request of an isolate asks which migrations there are, once.
    await answerOf('/')
    const statements = recordStatements()
    for (const path of ['/', '/acme?q=h&repository=edge/main', ...PAGES]) {
      statements.length = 0
      await textOf(path)
      expect(statements.length, path).toBeGreaterThan(0)
      expect(statements.length, path).toBeLessThanOrEqual(3)
    }
  })

  it('is at most 50 kB over the wire, whatever there is', async () => {
    await createOwner('acme')
    await publishLarge()
    const assets = new Set<string>()
    for (const path of ['/', ...PAGES]) {
      const html = await textOf(path)
      expect(gzipSync(html).length, path).toBeLessThan(40_000)
      for (const [, asset = ''] of html.matchAll(/"(\/-\/assets\/[^"]+)"/g)) assets.add(asset)
    }
    let bytes = 0
    for (const path of assets) bytes += gzipSync((await answerOf(path)).text).length
    expect(bytes).toBeLessThan(10_000)
  })
})

it('a publish of a package that provides and needs much is taken', async () => {
  await createOwner('acme')
  const depend = Array.from({ length: 1700 }, (_, at) => `n${at}`)
  await publish({ name: 'hello', version: '1-r0', info: { depend, provides: depend } })
  expect(entriesOf(await textOf(HELLO), 'Provides')).toMatchObject({ n0: null, n199: null })
})

describe('what became of a version after it was published', () => {
  it.each([
    ['cargo', 'cargo.yanked', 'Yanked: cargo takes it only where a lock file has it'],
    ['npm', 'npm.deprecated', 'Deprecated</strong>: use &lt;b&gt;2&lt;/b&gt;'],
  ])('stands on its page: %s', async (type, name, shown) => {
    await createOwner('acme')
    const sample = samples.find((each) => each.type === type)
    if (sample === undefined) throw new Error(`no sample of ${type}`)
    await answerTo(sample.publish(sample.first))
    const found = await env.DB.prepare(
      `SELECT p.owner_id AS ownerId, p.name, v.version FROM package p
       JOIN package_version v ON v.package_id = p.id`,
    ).first<Record<'ownerId' | 'name' | 'version', string>>()
    if (found === null) throw new Error('nothing was published')
    const page = `/acme/-/packages/${type}/${found.name}/${found.version}`
    expect(await textOf(page)).not.toContain(shown)
    const mark = { version: found.version, name, value: 'use <b>2</b>', withdraws: false }
    const change = { changeId: crypto.randomUUID(), createdBy: 'admin' }
    const place = { ownerId: found.ownerId, type }
    expect(await setMarks(env.DB, place, { packageName: found.name, marks: [mark] }, change)).toBe(
      'changed',
    )
    await moveTag(
      env.DB,
      { ...place, packageName: found.name },
      'beta',
      found.version,
      {
        ...change,
        changeId: crypto.randomUUID(),
      },
      limitsOf(env),
    )
    const text = await textOf(page)
    expect(text).toContain(shown)
    expect(text).toMatch(/<span class="badge[^"]*">beta<\/span>/)
  })
})
