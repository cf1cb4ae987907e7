// What one upload can fill at most: rows and bytes of D1, whatever its lists say.
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { createOwner } from '../../support/worker/registry.ts'
import { type ApkSpec, buildApk } from './builder.ts'
import { put } from './repository.ts'

beforeEach(() => createOwner())

async function bytesOfD1(): Promise<number> {
  return (await env.DB.prepare('SELECT 1').run()).meta.size_after
}

const names = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => `n${index}`.padEnd(length, 'x')).join(' ')

/** Each nearly as long as an index entry may be. */
const shapes: Record<string, NonNullable<ApkSpec['info']>> = {
  'one word again and again': { depend: 'a '.repeat(4_600) },
  'short names': { depend: names(1_550, 5), provides: names(1_550, 5) },
  'names of middle length': { depend: names(750, 16), provides: names(750, 16) },
  'long names': { depend: names(62, 250), provides: names(62, 250) },
}

it.each(Object.entries(shapes))('%s', { timeout: 60_000 }, async (title, info) => {
  const before = await bytesOfD1()
  let uploaded = 0
  const count = 8
  for (let index = 0; index < count; index += 1) {
    const bytes = buildApk({ name: `hello-${index}`, info })
    uploaded += bytes.length
    const { status, text } = await put(bytes)
    expect(`${status} ${text}`).toMatch(/^201 /)
  }
  const each = Math.round(((await bytesOfD1()) - before) / count)
  console.log(`${title}: ${each} bytes of D1 for an upload of ${Math.round(uploaded / count)}`)
  expect(each).toBeLessThan(120_000)
  const counted = await env.DB.prepare('SELECT count(*) AS rows FROM package_property').first()
  expect(Number(counted?.rows) / count).toBeLessThanOrEqual(257)
})

it('refuses longer lists, and names the longest', async () => {
  const info = { provides: names(4000, 8), depend: 'a' }
  const { status, text } = await put(buildApk({ info }))
  expect(`${status} ${text}`).toMatch(
    /^400 the index entry would take \d+ bytes, more than 32768: shorten provides in \.PKGINFO$/,
  )
})
