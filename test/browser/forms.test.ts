// What people do with forms once they signed in: publish, remove, manage; with JavaScript and without,
// by keyboard, and what they are told where something is refused. Each test has an owner of its own.
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { signIn } from '../support/browser/sign-in.ts'
import { describeInBrowser } from '../support/browser/use-browser.ts'
import { buildApk } from '../types/alpine/builder.ts'

const fileOf = (name: string, bytes: Uint8Array) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
})

const hello = (version: string) =>
  fileOf(`hello-${version}.apk`, buildApk({ name: 'hello', version, arch: 'noarch' }))

const BROKEN = fileOf('broken.apk', new Uint8Array(400_000))

/** Name and outcome of each file, as the page shows them. */
async function outcomesOf(page: Page): Promise<string[]> {
  const rows = await page.locator('ul.rows > li > p:first-child').allInnerTexts()
  return rows.map((text) => text.replace(/\s+/g, ' ').trim())
}

describeInBrowser('forms', ({ open, registry }) => {
  async function ownerOf(name: string, scopes = ['admin']): Promise<string> {
    const call = async (method: string, path: string, body: unknown) => {
      const headers = { authorization: `Bearer ${registry.adminToken}` }
      const url = `${registry.url}/api/v1/owners/${name}${path}`
      const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
      expect(response.status).toBe(201)
      return (await response.json()) as { token: string }
    }
    await call('PUT', '', { visibility: 'private' })
    return (await call('POST', '/tokens', { name: 'browser', scopes })).token
  }

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with' : 'without'

    it(`upload several files, and say why one is refused, ${how} JavaScript`, async () => {
      const owner = `upload-${how}`
      const token = await ownerOf(owner, ['write'])
      const page = await open({ javaScriptEnabled })
      await signIn(page, token)
      await page.waitForURL(`/${owner}`)
      await page.getByRole('link', { name: 'Upload', exact: true }).click()
      await page.getByLabel('Repository').fill('edge/main')
      await page.getByLabel('Files').setInputFiles([hello('1-r0'), BROKEN, hello('2-r0')])
      await page.getByRole('button', { name: 'Upload' }).click()
      await page.getByText('2 of 3 files are published.').waitFor({ state: 'attached' })
      expect(await outcomesOf(page)).toEqual([
        'hello-1-r0.apk Published',
        'broken.apk Refused',
        'hello-2-r0.apk Published',
      ])
      expect(await page.locator('ul.rows > li').nth(1).innerText()).toMatch(/gzip|apk/)
      await page.goto(`/${owner}/-/packages/alpine/hello`)
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('hello')
      await page.goto(`/${owner}/-/upload`)
      expect(await page.getByLabel('Repository').inputValue()).toBe('edge/main')
      await page.getByLabel('Files').setInputFiles([hello('2-r0')])
      await page.getByRole('button', { name: 'Upload' }).click()
      await page.getByText('Already there').waitFor()
    })
  }

  it('remove a version after a question, by keyboard', async () => {
    const token = await ownerOf('remover', ['write'])
    const headers = { authorization: `Bearer ${token}` }
    for (const version of ['1-r0', '2-r0']) {
      const body = hello(version).buffer
      const url = `${registry.url}/api/packages/remover/alpine/edge/main`
      expect((await fetch(url, { method: 'PUT', headers, body })).status).toBe(201)
    }
    const page = await open()
    await signIn(page, token, '/remover/-/packages/alpine/hello/2-r0')
    await page.getByRole('link', { name: 'Remove this version' }).press('Enter')
    await page.waitForURL(/\/-\/remove\//)
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Remove hello 2-r0?')
    await page.getByRole('link', { name: 'Keep it' }).press('Enter')
    await page.waitForURL('/remover/-/packages/alpine/hello/2-r0')
    await page.getByRole('link', { name: 'Remove this version' }).press('Enter')
    await page.getByRole('button', { name: 'Remove it' }).press('Enter')
    await page.waitForURL('/remover?notice=removed')
    expect(await page.getByRole('status').first().innerText()).toBe('Removed.')
    expect(await page.getByText('1-r0').first().isVisible()).toBe(true)
    expect(await page.getByText('2-r0').count()).toBe(0)
  })

  it('make an owner and a token, which is shown once, and revoke it', async () => {
    const page = await open({ javaScriptEnabled: false })
    await signIn(page, registry.adminToken)
    await page.waitForURL('/-/owners')
    await page.getByLabel('Name').fill('made-here')
    await page.getByLabel(/^Private/).check()
    await page.getByRole('button', { name: 'Create' }).click()
    await page.waitForURL('/made-here/-/manage')
    await page.getByLabel('Name').fill('ci')
    await page.getByLabel('Only these packages').fill('a/b')
    await page.getByRole('button', { name: 'Create token' }).click()
    expect(await page.getByRole('alert').innerText()).toMatch(/Packages: "a\/b" must be/)
    expect(await page.getByLabel('Name').inputValue()).toBe('ci')
    await page.getByLabel('Only these packages').fill('hello*')
    await page.getByRole('button', { name: 'Create token' }).click()
    const text = await page.locator('[data-copy="the new token"] code').innerText()
    expect(text).toMatch(/^cairn_/)
    await page.goto('/made-here/-/manage')
    expect(await page.content()).not.toContain(text)

    const other = await open()
    await signIn(other, text)
    await other.waitForURL('/made-here')
    await page.getByText('Revoke', { exact: false }).first().click()
    await page.getByRole('button', { name: 'Revoke ci' }).click()
    await page.waitForURL('/made-here/-/manage?notice=revoked')
    await other.reload()
    await other.waitForURL(/\/-\/sign-in\?next=%2Fmade-here$/)
    await page.getByText('Delete made-here').first().click()
    await page.getByRole('button', { name: 'Delete made-here' }).click()
    await page.waitForURL('/-/owners?notice=deleted')
  })

  it('say what is wrong with a token, and keep where one wanted to go', async () => {
    const page = await open()
    await signIn(page, 'cairn_mistyped', '/vault')
    expect(await page.getByRole('alert').innerText()).toMatch(/perhaps cut or mistyped/)
    await page.getByLabel('Access token').fill(registry.adminToken)
    await page.getByLabel('Access token').press('Enter')
    await page.waitForURL('/vault')
    const [cookie] = await page.context().cookies()
    expect(cookie).toMatchObject({ name: 'cairn_session', httpOnly: true, sameSite: 'Lax' })
  })
})
