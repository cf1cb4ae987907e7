// Signing in as people do.
import type { Page } from 'playwright-core'

/** Ends on the page that signing in leads to. */
export async function signIn(page: Page, token: string, next = ''): Promise<void> {
  await page.goto(`/-/sign-in${next === '' ? '' : `?next=${encodeURIComponent(next)}`}`)
  await page.getByLabel('Access token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
