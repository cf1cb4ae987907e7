import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { inspectPackage } from '../../../src/types/alpine/format/package.ts'
import { chunked, failure } from '../../unit/formats/streams.ts'
import { badPackages, goodPackages, make } from './bad-packages.ts'

const docs = new URL('../../../docs/refusals.md', import.meta.url)
const inspect = (bytes: Uint8Array) => inspectPackage(chunked(bytes))

test.each(badPackages)('refuses $title', async (bad) => {
  const error = await failure(() => inspect(make(bad).bytes))
  expect(error.message).toMatch(bad.says)
  expect(error.message).toMatch(/^\P{Cc}+$/u)
})

test.each(goodPackages)('takes $title', async (good) => {
  await expect(inspect(make(good).bytes)).resolves.toBeDefined()
})

test('every rule for safety alone is documented, with its reason', () => {
  const page = readFileSync(fileURLToPath(docs.href), 'utf8')
  const reasons = badPackages.flatMap(({ apk }) => (apk === 'chokes' ? [] : [apk.safety]))
  for (const reason of new Set(reasons)) expect(page).toContain(reason)
})
