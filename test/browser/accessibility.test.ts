// Every page by axe, light and dark, on a desktop and on a phone: no finding, no page wider than the
// screen, and none heavier than promised.
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { signIn } from '../support/browser/sign-in.ts'
import { describeInBrowser } from '../support/browser/use-browser.ts'

const PAGES = [
  '/',
  '/?q=zzz',
  '/acme',
  '/acme?q=zzz',
  '/acme?sort=newest&repository=edge/main',
  '/quiet',
  '/acme/-/packages/alpine/greet',
  '/acme/-/packages/alpine/libgreet/1.4.0-r0',
  '/acme/-/packages/alpine/weird',
  '/acme/-/packages/alpine/absent',
  '/acme/-/packages/alpine/greet/9',
  '/acme/-/versions/alpine/greet',
  '/acme/-/alpine/edge/main',
  '/acme/-/alpine/edge/main?q=greet&sort=newest',
  '/acme/-/alpine/edge/main?q=zzz',
  '/acme/-/packages/alpine/greet?from=v3.22/main',
  '/acme/-/alpine/edge/absent',
  '/acme/-/packages/generic/handbook/2026-11',
  '/acme/-/history',
  '/acme/-/history/alpine/edge/main',
  '/-/sign-in',
  '/nobody',
  '/acme/-/upload',
  '/-/absent',
  '/api/v1/docs',
]
/** For who signed in with the admin token. */
const FORMS = [
  '/',
  '/acme',
  '/acme?notice=removed',
  '/-/owners',
  '/acme/-/upload',
  '/quiet/-/upload',
  '/acme/-/upload?type=generic',
  '/acme/-/manage',
  '/vault/-/manage',
  '/acme/-/packages/alpine/greet',
  '/-/sign-in',
  '/nobody/-/manage',
  '/acme/-/remove/alpine/greet/1.5.2-r1',
]
const WIDTHS = { desktop: 1280, phone: 360 } as const
const MAX_BYTES = 50_000

// What runs within the page is text: the DOM's types and those of the Worker do not go together.

async function findingsOf(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<axe.AxeResults>(
    "axe.run(document, { resultTypes: ['violations'] })",
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** Opens every group and every tab, so that what is inside is looked at too. */
const OPEN_DETAILS = `
  for (const details of document.querySelectorAll('details')) {
    details.removeAttribute('name')
    details.open = true
  }
  for (const tab of document.querySelectorAll('.tab')) tab.style.display = 'block'`

const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

describeInBrowser('every page', ({ open, registry }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [screen, width] of Object.entries(WIDTHS)) {
      it(`is without a finding on a ${screen}, ${colorScheme}`, async () => {
        const page = await open({ colorScheme, viewport: { width, height: 800 } })
        // Given to each page by the debugger, which no security policy binds.
        await page.context().addInitScript(axe.source)
        const look = async (path: string) => {
          await page.evaluate(OPEN_DETAILS)
          expect([path, await findingsOf(page)]).toEqual([path, []])
          expect([path, await page.evaluate(OVERFLOW)]).toEqual([path, 0])
        }
        for (const path of PAGES) {
          await page.goto(path)
          await look(path)
        }
        await page.goto('/acme/-/packages/alpine/greet')
        await page.getByText(/^What greet/).click()
        await page.getByRole('link', { name: /^All paths of greet/ }).click()
        await page.waitForURL(/-\/contents\//)
        await look('the paths of a file')
        await signIn(page, 'cairn_wrong')
        await look('a refused sign-in')
        await signIn(page, registry.adminToken)
        for (const path of FORMS) {
          await page.goto(path)
          await look(`${path}, signed in`)
        }
        await page.goto('/quiet/-/manage')
        await page.getByLabel('Name').first().fill(`${screen}-${colorScheme}`)
        await page.getByRole('button', { name: 'Create token' }).click()
        await page.getByText('is shown this once').waitFor()
        await look('a new token')
        await page.goto('/quiet/-/upload')
        await page.getByLabel('Repository').fill('no name')
        await look('a name that can be none')
        await page.getByLabel('Repository').fill('edge/main')
        const buffer = Buffer.from('no package')
        await page
          .getByLabel('Files')
          .setInputFiles({ name: 'x.apk', mimeType: 'text/plain', buffer })
        await page.getByRole('button', { name: 'Upload' }).click()
        await page.getByText('Refused').waitFor()
        await look('a refused upload')
      }, 120_000)
    }
  }

  it('weighs at most 50 kB with its style and script', async () => {
    const page = await open()
    // As if nobody had loaded its style and script before, without another browser for each page.
    const debug = await page.context().newCDPSession(page)
    await debug.send('Network.enable')
    await debug.send('Network.setCacheDisabled', { cacheDisabled: true })
    let sizes: Promise<number>[] = []
    page.on('requestfinished', (request) => {
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize))
    })
    for (const path of PAGES) {
      sizes = []
      await page.goto(path)
      const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
      expect([path, bytes < MAX_BYTES, bytes > 1000]).toEqual([path, true, true])
    }
  })
})
