// Pages of the seeded registry in Chromium. Whatever a page asks of another origin, writes to the
// console or has refused by its security policy fails the test that opened it.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished } from 'vitest'
import { launchChromium } from './chromium.ts'
import type { Registry } from './seed.ts'

export interface Visitor {
  readonly registry: Registry
  /** A page of a browser that nobody used before. */
  open(options?: BrowserContextOptions): Promise<Page>
}

/** Skipped, and named so, where there is no Chromium. */
export function describeInBrowser(title: string, body: (visitor: Visitor) => void): void {
  const registry = inject('seeded')
  if (registry === null) {
    describe.skip(`${title} (chromium missing)`, () => body(ABSENT))
    return
  }
  describe(title, () => {
    let browser: Browser | undefined
    beforeAll(async () => {
      browser = await launchChromium()
    })
    afterAll(() => browser?.close())
    body({
      registry,
      open: async (options) => {
        if (browser === undefined) throw new Error('the browser runs only while tests do')
        const context = await browser.newContext({ baseURL: registry.url, ...options })
        onTestFinished(() => context.close())
        const page = await context.newPage()
        watch(page, registry.url)
        return page
      },
    })
  })
}

function watch(page: Page, origin: string): void {
  const wrong: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) wrong.push(`asked for ${request.url()}`)
  })
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on('dialog', (dialog) => wrong.push(`a dialog: ${dialog.message()}`))
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    // Chromium says so of every page that is a 404.
    if (
      message.text().startsWith('Failed to load resource') &&
      message.location().url === page.url()
    )
      return
    wrong.push(`${message.type()} at ${page.url()}: ${message.text()}`)
  })
  onTestFinished(() => expect(wrong).toEqual([]))
}

const ABSENT: Visitor = {
  registry: { url: '', adminToken: '' },
  open: () => Promise.reject(new Error('there is no browser')),
}
