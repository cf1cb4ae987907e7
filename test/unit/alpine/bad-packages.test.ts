import { expect, test } from 'vitest'
import { inspectPackage } from '../../../src/registries/alpine/format/package.ts'
import { chunked, failure } from '../formats/streams.ts'
import { badPackages, goodPackages, make } from './bad-packages.ts'

const inspect = (bytes: Uint8Array) => inspectPackage(chunked(bytes))

test.each(badPackages)('refuses $title', async (bad) => {
  const error = await failure(() => inspect(make(bad).bytes))
  expect(error.message).toMatch(bad.says)
  expect(error.message).toMatch(/^\P{Cc}+$/u)
})

test.each(goodPackages)('takes $title', async (good) => {
  await expect(inspect(make(good).bytes)).resolves.toBeDefined()
})
