// Names as long as each kind may be, on screens as narrow as phones are and on a desktop: nothing sticks out, and no
// page scrolls sideways.
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { signIn } from '../support/browser/sign-in.ts'
import { describeInBrowser } from '../support/browser/use-browser.ts'
import { buildApk } from '../types/alpine/builder.ts'

const WIDTHS = [320, 360, 390, 430, 1280]

/** Wide letters, between which no line breaks by itself. */
const long = (length: number) => 'W'.repeat(length)

const OWNER = 'w'.repeat(40)
const REPOSITORY = `${long(64)}/${long(64)}`
const ARCHITECTURE = 'w'.repeat(32)
/** apk 2 takes 100 characters of name and version together. */
const APK = { name: long(95), version: '1-r0' }
const LONG_VERSION = { name: 'w', version: `1.${'8'.repeat(93)}-r0` }
/** Package, version and file of the type that takes the longest. */
const GENERIC = [long(255), long(255), long(255)] as const
const TOKEN = long(100)

describeInBrowser('names as long as may be', ({ open, registry }) => {
  const headers = { authorization: `Bearer ${registry.adminToken}` }

  async function send(method: string, path: string, body: string | Uint8Array) {
    const response = await fetch(`${registry.url}${path}`, {
      method,
      headers,
      body: body as BodyInit,
    })
    const text = await response.text()
    expect([path, response.status, text]).toEqual([path, expect.toSatisfy(isGood), text])
    return text
  }
  const isGood = (status: number) => status === 200 || status === 201

  let token = ''
  beforeAll(async () => {
    await send('PUT', `/api/v1/owners/${OWNER}`, '{"visibility":"public"}')
    const info = {
      pkgdesc: long(300),
      license: long(80),
      maintainer: `${long(60)} <${long(60)}@${long(60)}.example>`,
      url: `https://example.test/${long(200)}`,
      depend: [long(90), `so:${long(80)}.so.1`, `cmd:${long(80)}`],
      provides: [`so:${long(80)}.so.1=1`, `cmd:${long(80)}=1`],
    }
    const files = [{ path: `${long(100)}/${long(100)}/${long(200)}`, content: 'x' }]
    for (const spec of [APK, LONG_VERSION]) {
      const bytes = buildApk({ ...spec, arch: ARCHITECTURE, info, files })
      for (const repository of [REPOSITORY, 'edge/main']) {
        await send('PUT', `/api/packages/${OWNER}/alpine/${repository}?if-exists=same`, bytes)
      }
    }
    await send('PUT', `/api/packages/${OWNER}/generic/${GENERIC.join('/')}?if-exists=same`, 'x')
    const grant = {
      name: TOKEN,
      scopes: ['admin'],
      repositories: null,
      packages: null,
    }
    const made = await send('POST', `/api/v1/owners/${OWNER}/tokens`, JSON.stringify(grant))
    token = (JSON.parse(made) as { token: string }).token
    const restricted = {
      ...grant,
      name: `R${long(99)}`,
      scopes: ['write'],
      repositories: [`alpine:${REPOSITORY}`],
      packages: [`alpine:${APK.name}`],
    }
    await send('POST', `/api/v1/owners/${OWNER}/tokens`, JSON.stringify(restricted))
  }, 60_000)

  const apk = `/${OWNER}/-/packages/alpine/${APK.name}`
  const generic = `/${OWNER}/-/packages/generic/${GENERIC[0]}`
  const OPEN_PAGES = [
    '/',
    `/?q=${OWNER}`,
    `/${OWNER}`,
    `/${OWNER}?q=${long(90)}`,
    `/${OWNER}?repository=${REPOSITORY}&sort=newest`,
    apk,
    `${apk}?from=${REPOSITORY}`,
    `${apk}/${APK.version}`,
    `/${OWNER}/-/packages/alpine/${LONG_VERSION.name}`,
    `/${OWNER}/-/versions/alpine/${LONG_VERSION.name}`,
    generic,
    `${generic}/${GENERIC[1]}`,
    `/${OWNER}/-/versions/generic/${GENERIC[0]}`,
    `${generic}/${long(200)}`,
    `/${OWNER}/-/packages/alpine/${long(90)}`,
    `/${OWNER}/-/alpine/${REPOSITORY}`,
    `/${OWNER}/-/alpine/${REPOSITORY}?q=${long(99)}`,
    `/${OWNER}/-/alpine/${long(64)}/${'V'.repeat(64)}`,
    `/${OWNER}/-/history`,
    `/${OWNER}/-/history/alpine/${REPOSITORY}`,
    `/${'v'.repeat(40)}/-/manage`,
    `/${OWNER}/${long(500)}`,
  ]
  const SIGNED_IN_PAGES = [
    ...OPEN_PAGES.slice(0, 5),
    `/${OWNER}/-/history`,
    `/${OWNER}/-/manage`,
    `/${OWNER}/-/upload?repository=${REPOSITORY}`,
    `/${OWNER}/-/upload?type=generic`,
    `/${OWNER}/-/remove/alpine/${APK.name}/${APK.version}`,
    `/${OWNER}/-/remove/generic/${GENERIC[0]}/${GENERIC[1]}`,
    '/-/sign-in',
    `/${'v'.repeat(40)}`,
    '/-/owners',
  ]

  /** What sticks out of each page, at the widths at which something does. */
  async function findingsOn(page: Page, paths: readonly string[]): Promise<unknown[]> {
    const found: unknown[] = []
    for (const path of paths) {
      await page.goto(path)
      await page.evaluate(OPEN_ALL)
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 })
        const stickingOut = await page.evaluate<string[]>(STICKING_OUT)
        if (stickingOut.length > 0) found.push({ path, width, stickingOut })
      }
    }
    return found
  }

  for (const javaScriptEnabled of [true, false]) {
    it(`fit, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
      const page = await open({ javaScriptEnabled })
      expect(await findingsOn(page, OPEN_PAGES)).toEqual([])
      await signIn(page, token)
      expect(await page.locator('.who').innerText()).toBe(`${OWNER} · ${TOKEN}`)
      expect(await findingsOn(page, SIGNED_IN_PAGES)).toEqual([])
    }, 180_000)
  }

  it('fit in the list of what a package holds', async () => {
    const page = await open()
    await page.goto(`${apk}/${APK.version}`)
    const href = await page.locator('a[href*="/-/contents/"]').first().getAttribute('href')
    expect(href).not.toBeNull()
    expect(await findingsOn(page, [href ?? ''])).toEqual([])
  })
})

/** Every tab and every group, so that what is inside is measured too. */
const OPEN_ALL = `
  for (const details of document.querySelectorAll('details')) {
    details.removeAttribute('name')
    details.open = true
  }
  for (const tab of document.querySelectorAll('.tab')) tab.style.display = 'block'`

/** What reaches beyond the screen, or makes the page scroll; what is cut off by something around it does not. */
const STICKING_OUT = `(() => {
  const width = document.documentElement.clientWidth
  const found = []
  if (document.documentElement.scrollWidth > width) found.push('the page scrolls')
  const isCut = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== 'visible' && at !== document.documentElement) return true
    }
    return false
  }
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('.unseen, .skip, datalist, option')) continue
    const { right, left, width: wide } = element.getBoundingClientRect()
    if (wide > 0 && (right > width + 0.5 || left < -0.5) && !isCut(element)) {
      found.push(element.tagName + '.' + element.className + ' ' + element.textContent.slice(0, 20))
    }
  }
  return found
})()`
