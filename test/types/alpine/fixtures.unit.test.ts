import { createReadStream } from 'node:fs'
import { expect, it } from 'vitest'
import { describePackage, formatIndexEntry } from '../../../src/types/alpine/format/apkindex.ts'
import { inspectPackage } from '../../../src/types/alpine/format/package.ts'

it('a real package by melange is taken and listed as `apk index` would list it', async () => {
  const file = new URL('./melange/replayout-1.0.0-r0.apk', import.meta.url)
  const inspected = await inspectPackage(createReadStream(file.pathname))
  expect(inspected.signatures.map((signature) => signature.algorithm)).toEqual(['RSA256'])
  // As apko's own index of it, but for `t:0`, which `apk index` leaves out, and `U:`, which it writes.
  expect(formatIndexEntry(describePackage(inspected)).split('\n')).toEqual([
    'C:Q11/HhSewwwOXgl0r0ffb0O0BRtYc=',
    'P:replayout',
    'V:1.0.0-r0',
    'A:x86_64',
    'S:2961',
    'I:3389',
    'T:replacement baselayout',
    'U:',
    'L:MIT',
    'o:replayout',
    'm:unknown',
    'c:326e0ed687bdfeadac839dc9b25686e4442c9d04',
    'D:pretend-baselayout',
    '',
    '',
  ])
})
