// The repository edge/main of the owner acme, in which most tests publish.
import { expect } from 'vitest'
import { ADMIN, answerOf, put as putTo } from '../../support/worker/registry.ts'
import { type ApkSpec, buildApk } from './builder.ts'

export const MAIN = '/api/packages/acme/alpine/edge/main'

export function put(bytes: Uint8Array, path = MAIN, headers: HeadersInit = ADMIN) {
  return putTo(bytes, path, headers)
}

/** Builds and publishes a package and expects 201. */
export async function publish(spec: ApkSpec = {}, path = MAIN): Promise<Uint8Array> {
  const bytes = buildApk(spec)
  const { status, text } = await put(bytes, path)
  expect(`${status} ${text}`).toMatch(/^201 /)
  return bytes
}

const CHECK = '/api/v1/owners/acme/repositories/alpine/edge/main/check'

/** A page of what the check endpoint answers. */
export interface CheckPage {
  revision: number
  changed_meanwhile: boolean
  indexes_checked: number
  files_checked: number
  problems: { subject: string; problem: string }[]
  next: string | null
}

/** All pages of a check, each asked for with the `next` of the one before. */
export async function checkRepository(): Promise<CheckPage[]> {
  const pages: CheckPage[] = []
  for (let query: string | undefined = ''; query !== undefined; ) {
    const { status, text } = await answerOf(`${CHECK}${query}`, { headers: ADMIN })
    expect(status).toBe(200)
    const page: CheckPage = JSON.parse(text)
    pages.push(page)
    query = page.next === null ? undefined : `?after=${encodeURIComponent(page.next)}`
  }
  return pages
}
