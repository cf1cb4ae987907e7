// Pages say much in little room: rows of a line, tabs for clients, trees, panels that open; on a desktop, on a phone,
// and without JavaScript.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { signIn } from '../support/browser/sign-in.ts'
import { describeInBrowser } from '../support/browser/use-browser.ts'
import { buildApk } from '../types/alpine/builder.ts'

const VISITS: Readonly<Record<string, BrowserContextOptions>> = {
  'on a desktop': { viewport: { width: 1280, height: 800 } },
  'on a phone': { viewport: { width: 390, height: 800 } },
  'without JavaScript': { javaScriptEnabled: false },
  'in the dark': { colorScheme: 'dark' },
}
const MANY = 70

describeInBrowser('a dense page', ({ open, registry }) => {
  const headers = { authorization: `Bearer ${registry.adminToken}` }

  async function send(method: string, path: string, body: string | Uint8Array): Promise<string> {
    const url = `${registry.url}${path}`
    const response = await fetch(url, { method, headers, body: body as BodyInit })
    const text = await response.text()
    expect(`${response.status} ${text}`).toMatch(/^20[01] /)
    return text
  }

  const publish = (version: string, repository: string, name = 'tool') =>
    send(
      'PUT',
      `/api/packages/dense/alpine/${repository}?if-exists=same`,
      buildApk({
        ...{ name, version, arch: name === 'tool' ? 'x86_64' : 'noarch' },
        info: { pkgdesc: 'Does what it does, and says so in a line that is longer than the row' },
        files: [{ path: 'usr/bin/tool', content: version }],
      }),
    )

  beforeAll(async () => {
    await send('PUT', '/api/v1/owners/dense', '{"visibility":"public"}')
    await send('PUT', '/api/v1/owners/fresh', '{"visibility":"public"}')
    for (let at = 0; at < MANY; at++) await publish('1-r0', 'edge/main', `row-${100 + at}`)
    for (const version of ['2.0.0-r0', '2.1.0_rc1-r0']) await publish(version, 'edge/main')
    await publish('1.9.7-r0', 'v3.22/main')
    await publish('1.9.7-r0', 'edge/main')
  }, 120_000)

  const heightsOf = (page: Page) =>
    page.locator('ul.dense > li').evaluateAll((rows) => rows.map((row) => row.clientHeight))

  for (const [how, options] of Object.entries(VISITS)) {
    it(`goes through a long list ${how}`, async () => {
      const page = await open(options)
      for (const path of ['/dense', '/dense/-/alpine/edge/main']) {
        await page.goto(path)
        expect(await page.locator('ul.dense > li').count()).toBe(30)
        const heights = await heightsOf(page)
        expect(Math.max(...heights)).toBeLessThanOrEqual(how === 'on a phone' ? 130 : 48)
        const pages = page.getByRole('navigation', { name: 'Pages' })
        expect(await pages.innerText()).toContain('Page 1 of 3')
        await pages.getByRole('link', { name: 'Page 3' }).click()
        await page.waitForURL(/page=3/)
        expect(await page.locator('ul.dense > li').count()).toBe(MANY + 1 - 60)
        await pages.getByRole('link', { name: 'Previous' }).click()
        await page.waitForURL(/page=2/)
      }
    })

    it(`finds in a repository what it has, and installs that ${how}`, async () => {
      const page = await open(options)
      await page.goto('/dense/-/alpine/v3.22/main')
      await page.getByRole('searchbox').fill('TOO')
      await page.getByRole('searchbox').press('Enter')
      await page.waitForURL(/q=TOO/)
      expect(await page.locator('ul.dense .version').allInnerTexts()).toEqual(['1.9.7-r0'])
      await page.getByRole('link', { name: 'tool', exact: true }).click()
      await page.waitForURL(/from=/)
      expect(await page.title()).toBe('tool 1.9.7-r0 · Cairn')
      expect(await page.getByText('latest in v3.22/main').isVisible()).toBe(true)
      expect(await page.locator('.tab pre code').first().innerText()).toContain(
        '/v3.22/main/setup.sh',
      )
      const from = page.getByRole('navigation', { name: 'Install from' })
      await from.getByRole('link', { name: 'edge/main' }).click()
      await page.waitForURL(/from=edge/)
      expect(await page.title()).toBe('tool 2.1.0_rc1-r0 · Cairn')
      const rows = await page.locator('.table tbody tr').allInnerTexts()
      expect(rows.map((row) => row.split(/\s+/).slice(0, 3).join(' '))).toEqual([
        'edge/main 2.1.0_rc1-r0 x86_64',
        expect.stringMatching(/^2\.0\.0-r0 x86_64/),
        expect.stringMatching(/^1\.9\.7-r0 x86_64/),
        'v3.22/main 1.9.7-r0 x86_64',
      ])
    })

    it(`shows the lines of one client at a time ${how}`, async () => {
      const page = await open(options)
      await page.goto('/dense/-/packages/alpine/tool')
      const shown = () => page.locator('.tab:visible h3').allInnerTexts()
      expect(await shown()).toEqual(['Add the repository'])
      await page.locator('.tabs > label').getByText('Dockerfile').click()
      expect(await shown()).toEqual(['Dockerfile'])
      await page.keyboard.press('ArrowRight')
      expect(await shown()).toEqual(['apko.yaml', 'Build'])
      const undo = page.getByText('--uninstall')
      expect(await undo.last().isVisible()).toBe(false)
      await page.getByText('Uninstall', { exact: true }).click()
      expect(await undo.last().isVisible()).toBe(true)
    })

    it(`has the contents as a tree ${how}`, async () => {
      const page = await open(options)
      await page.goto('/dense/-/packages/alpine/tool')
      await page.getByText(/^What tool-2.1.0_rc1-r0.apk x86_64 holds/).click()
      await page.getByRole('link', { name: /^All paths of/ }).click()
      await page.waitForURL(/-\/contents\//)
      expect(await page.getByText('usr/bin/').isVisible()).toBe(true)
      expect(await page.locator('.tree .ends > span').first().innerText()).toBe('tool')
    })
  }

  it('begins with one panel for all that can be published', async () => {
    const page = await open({ javaScriptEnabled: false })
    await page.goto('/fresh')
    expect(await page.getByRole('heading', { name: 'Publish', exact: true }).count()).toBe(1)
    const labels = await page.locator('.tabs > label').allInnerTexts()
    expect(labels).toEqual(expect.arrayContaining(['Alpine', 'npm', 'Cargo', 'Generic']))
  })

  it('takes dropped files, checks names while they are typed, and links what it published', async () => {
    const page = await open()
    await signIn(page, registry.adminToken)
    await page.goto('/dense/-/upload')
    const name = page.getByLabel('Repository')
    const hint = page.locator('#hint-repository')
    await name.fill('edge main')
    expect(await hint.innerText()).toMatch(/^This can be no name\./)
    expect(await name.getAttribute('aria-invalid')).toBe('true')
    await name.fill('edge/mian')
    expect(await hint.innerText()).toMatch(/not there yet/)
    await name.fill('edge/main')
    expect(await hint.innerText()).toMatch(/existing repository/)
    const bytes = buildApk({ name: 'dropped', version: '1-r0', arch: 'noarch' })
    await page.evaluate(`(${DROP})('${Buffer.from(bytes).toString('base64')}')`)
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.getByRole('link', { name: 'dropped.apk' }).click()
    await page.waitForURL('/dense/-/packages/alpine/dropped/1-r0')
  })

  it('checks names without JavaScript before it sends anything', async () => {
    const page = await open({ javaScriptEnabled: false })
    await signIn(page, registry.adminToken)
    await page.goto('/dense/-/upload')
    const pattern = await page.getByLabel('Repository').getAttribute('pattern')
    expect(new RegExp(`^(?:${pattern})$`, 'v').test('edge/main')).toBe(true)
    expect(new RegExp(`^(?:${pattern})$`, 'v').test('edge')).toBe(false)
  })
})

/** A file that is dropped on the form, as text, since the DOM's types and those of the Worker do not go together. */
const DROP = `(text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  const transfer = new DataTransfer()
  transfer.items.add(new File([bytes], 'dropped.apk'))
  const form = document.querySelector('form[data-upload]')
  for (const type of ['dragover', 'drop']) {
    form.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }))
  }
}`
