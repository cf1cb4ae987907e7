// What people do on the pages: find a package, see what it is, follow its links, take its file; with
// JavaScript and without.
import { expect, it } from 'vitest'
import { HOSTILE } from '../support/browser/seed.ts'
import { describeInBrowser } from '../support/browser/use-browser.ts'

const GREET = '/acme/-/packages/alpine/greet'

describeInBrowser('a visit', ({ open, registry }) => {
  for (const javaScriptEnabled of [true, false]) {
    it(`finds a package and follows its links ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
      const page = await open({ javaScriptEnabled })
      await page.goto('/')
      await page.getByRole('link', { name: 'acme', exact: true }).click()
      await page.getByRole('searchbox').fill('LIBG')
      await page.getByRole('searchbox').press('Enter')
      await page.waitForURL(/[?&]q=LIBG/)
      await page.getByRole('link', { name: 'libgreet', exact: true }).click()
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('libgreet')
      // What requires it, and from there by the library's name back again.
      const dependents = page.locator('section', { hasText: 'Required by' })
      await dependents.getByRole('link', { name: 'greet', exact: true }).click()
      await page.waitForURL(GREET_URL)
      await page.getByRole('link', { name: 'so:libgreet.so.1' }).click()
      await page.waitForURL(/libgreet$/)
      await page.getByRole('link', { name: '1.4.0-r0' }).first().click()
      await page.waitForURL(/libgreet\/1\.4\.0-r0$/)
      expect(await page.title()).toBe('libgreet 1.4.0-r0 · Cairn')
      await page.getByRole('link', { name: 'v3.22/main' }).last().click()
      await page.waitForURL('/acme/-/alpine/v3.22/main')
      expect(await page.getByRole('heading', { name: 'Signing keys' }).isVisible()).toBe(true)
    })
  }

  it('takes a file, byte for byte', async () => {
    const page = await open()
    await page.goto(GREET)
    const link = page.getByRole('link', { name: 'greet-1.5.2-r1.apk' }).first()
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
    expect(download.suggestedFilename()).toBe('greet-1.5.2-r1.apk')
    expect(await download.failure()).toBeNull()
  })

  it('narrows by repository at once, and leaves out of the address what is empty', async () => {
    const page = await open()
    await page.goto('/acme')
    await page.getByLabel('Repository').selectOption('v3.22/main')
    await page.waitForURL('/acme?repository=v3.22%2Fmain')
    expect(await page.getByText('4 packages found').isVisible()).toBe(true)
    expect(await page.getByRole('link', { name: 'hello', exact: true }).count()).toBe(0)
  })

  it('breaks no line within an option', async () => {
    const page = await open()
    await page.goto('/acme/-/alpine/edge/main')
    const option = page.getByText('--help', { exact: true }).first()
    for (let width = 320; width < 1300; width += 40) {
      await page.setViewportSize({ width, height: 800 })
      expect(await option.evaluate((element) => element.getClientRects().length)).toBe(1)
    }
  })

  it('copies what a block shows', async () => {
    const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] })
    await page.goto('/acme/-/alpine/edge/main')
    const block = page.locator('[data-copy^="the fingerprint"]')
    await block.getByRole('button', { name: /^Copy the fingerprint/ }).click()
    const copied = await page.evaluate<string>('navigator.clipboard.readText()')
    expect(copied).toMatch(/^[0-9a-f]{64}$/)
    expect(copied).toBe(await block.locator('code').innerText())
    expect(await page.locator('#status').innerText()).toBe('Copied')
  })

  it('needs no mouse: skip link, search by "/", a visible focus everywhere', async () => {
    const page = await open()
    await page.goto(GREET)
    await page.keyboard.press('Tab')
    const skip = page.getByRole('link', { name: 'Skip to content' })
    expect(await skip.boundingBox()).toMatchObject({ y: expect.toSatisfy((y: number) => y >= 0) })
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    await page.keyboard.press('/')
    expect(await page.evaluate('document.activeElement.name')).toBe('q')
    await page.reload()
    const stops = new Set<string>()
    for (let at = 0; at < 60; at++) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate<Stop | null>(STOP)
      if (stop === null) break
      expect([stop.name, stop.outline]).toEqual([stop.name, 'solid 3px'])
      stops.add(stop.name)
    }
    expect(stops.size).toBeGreaterThan(15)
  })

  it('shows hostile text as text', async () => {
    const page = await open()
    await page.goto('/acme/-/packages/alpine/weird')
    expect(await page.getByText(HOSTILE).first().isVisible()).toBe(true)
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0)
    await page.goto(`/acme?q=${encodeURIComponent(`"><script>alert(1)</script>`)}`)
    expect(await page.getByRole('searchbox').inputValue()).toContain('<script>')
  })

  it('of a private owner asks to sign in, as one of nobody does, and then goes on', async () => {
    const page = await open()
    await page.goto('/nobody')
    const nobody = await page.locator('main').innerText()
    const path = '/vault/-/packages/alpine/concealed'
    await page.goto(path)
    const askedFor = async () =>
      (await page.locator('main').innerText()).replaceAll('vault', 'nobody')
    expect(await askedFor()).toBe(nobody)
    await page.getByLabel(/token/i).fill(registry.adminToken)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(path)
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('concealed')
    expect(await page.getByText('private', { exact: true }).isVisible()).toBe(true)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.goto(path)
    expect(await askedFor()).toBe(nobody)
  })
})

interface Stop {
  readonly name: string
  readonly outline: string
}

/** Where the focus is and how it shows; text, since the DOM's types are not those of the Worker. */
const STOP = `(() => {
  const element = document.activeElement
  if (element === document.body) return null
  const { outlineStyle, outlineWidth } = getComputedStyle(element)
  const name = element.tagName + ' ' + element.textContent.slice(0, 30)
  return { name, outline: outlineStyle + ' ' + outlineWidth }
})()`

const GREET_URL = /\/acme\/-\/packages\/alpine\/greet$/
