// Signing in as people do.
import type { Page } from 'playwright-core'

/** Ends on the page that signing in leads to, or on the same with the reason. */
export async function signIn(page: Page, token: string, next = ''): Promise<void> {
  await page.goto(`/-/sign-in${next === '' ? '' : `?next=${encodeURIComponent(next)}`}`)
  await page.getByLabel('Access token').fill(token)
  const button = page.getByRole('button', { name: 'Sign in' })
  await Promise.all([page.waitForEvent('load'), button.click()])
}
