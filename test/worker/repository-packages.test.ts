import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { WRONG_LISTS } from '../../src/core/packages/list-check.ts'
import { setMarks } from '../../src/core/packages/marks.ts'
import { API, read } from '../support/worker/api.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { seed } from '../support/worker/seed-many.ts'
import { publish } from '../types/alpine/repository.ts'

// Each repository has its own versions of a package: pages and lists about it tell of no others.

const STABLE = '/api/packages/acme/alpine/v3.22/main'
const HELLO = '/acme/-/packages/alpine/hello'
const PAGE = '/acme/-/alpine/v3.22/main'
const BROWSER = { accept: 'text/html' }

async function pageAt(path: string): Promise<string> {
  const { status, text } = await answerOf(path, { headers: BROWSER })
  expect([path, status]).toEqual([path, 200])
  return text
}

/** What the rows of a list say: name, version, architectures, and how many versions. */
function rowsOf(html: string): string[] {
  const lists = html.split('<ul class="rows dense">').slice(1)
  const [list = ''] = lists.map((each) => each.split('</section>')[0] ?? '')
  return list
    .split('<a class="name"')
    .slice(1)
    .map((row) => {
      const [, name, version] = /^[^>]*>([^<]*)<\/a> <span class="version">([^<]*)/.exec(row) ?? []
      const architectures = [...row.matchAll(/badge accent"[^>]*>([^<]*)/g)].map(([, text]) => text)
      const [, count = '1'] = /(\d+) versions/.exec(row) ?? []
      return [name, version, ...architectures, count].join(' ')
    })
}

const versionOf = (html: string) => /<span class="version">([^<]*)/.exec(html)?.[1]

async function ownerId(): Promise<string> {
  return String(await env.DB.prepare('SELECT id FROM owner').first('id'))
}

/** Versions of `hello` above all others, in edge/main alone. */
async function seedEdge(many: number): Promise<void> {
  const sql = "SELECT id FROM repository WHERE name = 'edge/main'"
  const repositoryId = String(await env.DB.prepare(sql).first('id'))
  const place = { ownerId: await ownerId(), type: 'alpine', repositoryId }
  const [version, file] = ["'9.' || n.i", "'h9-' || n.i"]
  const order = "'~' || printf('%05d', n.i)"
  await seed(place, { name: "'hello'", version, file, order }, 0, many)
}

beforeEach(async () => {
  await createOwner()
  await publish({ name: 'hello', version: '2.0-r0', arch: 'x86_64' })
  await publish({ name: 'hello', version: '1.9-r0', arch: 'aarch64' }, STABLE)
  await publish({ name: 'hello', version: '1.9-r0', arch: 'x86_64' })
  await publish({ name: 'hello', version: '1.8-r0', arch: 'riscv64' }, STABLE)
})

describe('a version that is published last and is not the highest', () => {
  it('is the one of no title, badge or list, unless it says newest', async () => {
    for (const version of ['2.0.0-r0', '2.1.0_rc1-r0', '1.9.7-r0']) {
      await publish({ name: 'greet', version })
    }
    const page = await pageAt('/acme/-/packages/alpine/greet')
    expect(page).toContain('<title>greet 2.1.0_rc1-r0 · Cairn</title>')
    expect(versionOf(page)).toBe('2.1.0_rc1-r0')
    expect(page).toMatch(
      /<span class="version">[^<]*<\/span><span[^>]*>Alpine<\/span><span[^>]*>latest</,
    )
    const panel = page.slice(page.lastIndexOf('<h2>Versions</h2>'))
    const shown = [...panel.matchAll(/class="mono"[^>]*>([^<]*)/g)].map(([, text]) => text)
    expect(shown).toEqual(['2.1.0_rc1-r0', '2.0.0-r0', '1.9.7-r0'])
    for (const list of [
      '/acme',
      '/acme?q=greet',
      '/acme?sort=newest',
      '/acme/-/alpine/edge/main',
    ]) {
      expect([list, ...rowsOf(await pageAt(list))]).toContain('greet 2.1.0_rc1-r0 x86_64 3')
    }
    const versions = await pageAt('/acme/-/versions/alpine/greet')
    expect(versions).toContain('newest first')
    expect((await read(`${API}/alpine/greet/-/latest`)).body.version).toBe('1.9.7-r0')
  })
})

describe('of a repository', () => {
  it('each package has the version, the architectures and the count of that repository', async () => {
    for (const path of ['/acme?repository=v3.22/main', '/acme?repository=v3.22/main&q=hel', PAGE]) {
      expect([path, ...rowsOf(await pageAt(path))]).toEqual([path, 'hello 1.9-r0 aarch64 2'])
    }
    expect(rowsOf(await pageAt('/acme?repository=edge/main'))).toEqual(['hello 2.0-r0 x86_64 2'])
    expect(versionOf(await pageAt(`${HELLO}?from=v3.22%2Fmain`))).toBe('1.9-r0')
  })

  it('they are told however many higher ones another has', async () => {
    await seedEdge(300)
    expect(rowsOf(await pageAt('/acme?repository=v3.22/main'))).toEqual(['hello 1.9-r0 aarch64 2'])
    expect(rowsOf(await pageAt(PAGE))).toEqual(['hello 1.9-r0 aarch64 2'])
    const page = await pageAt(`${HELLO}?from=v3.22%2Fmain`)
    expect(versionOf(page)).toBe('1.9-r0')
    expect(page).toContain('>latest in v3.22/main<')
    expect(rowsOf(await pageAt('/acme'))).toEqual(['hello 9.299.0 x86_64 303'])
    for (const wrong of WRONG_LISTS) expect((await env.DB.prepare(wrong).all()).results).toEqual([])
  })

  it('a search of the API finds its versions and no others', async () => {
    await seedEdge(20)
    const found = async (query: string) => {
      const { body, headers } = await read(`${API}?repository=v3.22%2Fmain${query}`)
      const versions = body.map(({ version }: { version: string }) => version)
      return [headers.get('x-total-count'), ...versions]
    }
    for (const query of ['', '&q=hello', '&q=hello&type=alpine']) {
      expect([query, ...(await found(query))]).toEqual([query, '2', '1.8-r0', '1.9-r0'])
    }
    expect(await found('&q=hello&limit=1&page=2')).toEqual(['2', '1.9-r0'])
  })

  it('the order follows removals and withdrawals', async () => {
    const there = async () => versionOf(await pageAt(`${HELLO}?from=v3.22%2Fmain`))
    const place = { ownerId: await ownerId(), type: 'alpine' }
    const mark = (value: string | null) =>
      setMarks(
        env.DB,
        place,
        {
          packageName: 'hello',
          marks: [{ version: '1.9-r0', name: 'yanked', value, withdraws: true }],
        },
        { changeId: crypto.randomUUID(), createdBy: 'admin' },
      )
    await mark('')
    expect(await there()).toBe('1.8-r0')
    await expectConsistent()
    await mark(null)
    expect(await there()).toBe('1.9-r0')
    await expectConsistent()
    await answerOf(`${STABLE}/aarch64/hello-1.9-r0.apk`, { method: 'DELETE', headers: ADMIN })
    expect(await there()).toBe('1.8-r0')
    await expectConsistent()
  })

  it('a damaged order is found and made anew', async () => {
    for (const damage of [
      'DELETE FROM repository_version',
      'UPDATE repository_version SET standing = 1',
      "INSERT INTO repository_version VALUES (1, 1, 2, 'z', 99)",
    ]) {
      await env.DB.prepare(damage).run()
      const check = await answerOf('/api/v1/deployment/check', { headers: ADMIN })
      expect(check.text).toContain('list or count of packages other than the rows say')
      await answerOf('/api/v1/deployment/check', { method: 'POST', headers: ADMIN })
      await expectConsistent()
    }
  })
})

describe('the page of a package', () => {
  it('says which repository has which version for which architecture', async () => {
    const page = await pageAt(HELLO)
    const table = /<tbody>(.*?)<\/tbody>/.exec(page)?.[1] ?? ''
    const rows = table.split('<tr>').slice(1)
    const texts = rows.map((row) =>
      row
        .replace(/<time.*?<\/time>/g, '')
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    expect(texts).toEqual([
      'edge/main 2.0-r0 x86_64',
      '1.9-r0 x86_64',
      'v3.22/main 1.9-r0 aarch64',
      '1.8-r0 riscv64',
    ])
    // Also of a repository without the version that the page shows.
    expect(page).toContain('href="?from=v3.22%2Fmain"')
    expect(await pageAt('/acme/-/packages/alpine/hello/1.8-r0')).not.toContain('href="?from=')
  })

  it('has no such table where there are no repositories', async () => {
    const path = '/api/packages/acme/generic/handbook/1/a.txt'
    await answerOf(path, { method: 'PUT', headers: ADMIN, body: 'x' })
    expect(await pageAt('/acme/-/packages/generic/handbook')).not.toContain('<table')
  })
})

describe('the page of a repository', () => {
  it('lists all that it holds with size and date, and is searched', async () => {
    await publish({ name: 'other', version: '1-r0' }, STABLE)
    await publish({ name: 'absent', version: '1-r0' })
    const page = await pageAt(PAGE)
    expect(rowsOf(page)).toEqual(['hello 1.9-r0 aarch64 2', 'other 1-r0 x86_64 1'])
    expect(page).toMatch(/<data value="\d+" title="\d+ bytes">[^<]*<\/data>.*?<time/)
    expect(page).toContain(`href="${HELLO}?from=v3.22%2Fmain"`)
    expect(rowsOf(await pageAt(`${PAGE}?q=OTH`))).toEqual(['other 1-r0 x86_64 1'])
    expect(rowsOf(await pageAt(`${PAGE}?sort=newest`))).toEqual([
      'other 1-r0 x86_64 1',
      'hello 1.9-r0 aarch64 2',
    ])
    expect(await pageAt(`${PAGE}?q=absent`)).toContain('It holds no such package.')
  })

  it.each([
    [PAGE, 'v3.22/main'],
    ['/acme', 'v3.22/main'],
    ['/acme?repository=v3.22/main', 'v3.22/main'],
  ])('all of very many are read by the links of its pages: %s', async (path, name) => {
    const many = 10_100
    const sql = 'SELECT id FROM repository WHERE name = ?'
    const repositoryId = String(await env.DB.prepare(sql).bind(name).first('id'))
    const place = { ownerId: await ownerId(), type: 'alpine', repositoryId }
    const packageName = "'seed-' || printf('%05d', n.i)"
    await seed(place, { name: packageName, version: "'1-r0'", file: "'s-' || n.i" }, 0, many)
    const at = (page: number) => `${path}${path.includes('?') ? '&' : '?'}page=${page}`
    const first = await pageAt(path)
    expect(first).toContain('Page 1 of 337')
    expect(first).toContain('rel="next"')
    expect(first).toContain('aria-label="Page 334"')
    expect(first).not.toContain('aria-label="Page 335"')
    const seen = [...rowsOf(await pageAt(at(333)))]
    let next: string | undefined = at(334)
    while (next !== undefined) {
      const page: string = await pageAt(next)
      seen.push(...rowsOf(page))
      next = /rel="next" href="([^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&')
    }
    const names = seen.map((row) => row.split(' ')[0])
    // `hello` is before them.
    expect(names).toHaveLength(many + 1 - 332 * 30)
    expect(new Set(names).size).toBe(names.length)
    expect(names.at(-1)).toBe('seed-10099')
    // Whoever names a page by a number behind those has the last of them.
    expect(rowsOf(await pageAt(at(9999)))).toEqual(rowsOf(await pageAt(at(334))))
  })
})
