import { describe, expect, test } from 'vitest'
import {
  parseDependency,
  splitDependencies,
  splitProvides,
} from '../../../src/types/alpine/format/dependency.ts'
import {
  checkNameAndVersion,
  parseArchitecture,
  parsePackageName,
} from '../../../src/types/alpine/format/name.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'

describe('a dependency', () => {
  test.each([
    ['musl', { conflict: false, name: 'musl' }],
    ['!busybox', { conflict: true, name: 'busybox' }],
    ['so:libc.musl-x86_64.so.1', { conflict: false, name: 'so:libc.musl-x86_64.so.1' }],
    ['cmd:[=1.35.0-r17', { conflict: false, name: 'cmd:[', operator: '=', version: '1.35.0-r17' }],
    ['/bin/sh', { conflict: false, name: '/bin/sh' }],
    ['py3.12:x', { conflict: false, name: 'py3.12:x' }],
    ['gtk+-3.0>=3', { conflict: false, name: 'gtk+-3.0', operator: '>=', version: '3' }],
    ['a=>1', { conflict: false, name: 'a', operator: '>=', version: '1' }],
    ['a==1', { conflict: false, name: 'a', operator: '=', version: '1' }],
    ['a~=1.2', { conflict: false, name: 'a', operator: '~', version: '1.2' }],
    ['!a<~1.2', { conflict: true, name: 'a', operator: '<~', version: '1.2' }],
    [
      'a><Q1L1EZ3ZAEd0d7gXZqHCnmJeyILcM=',
      { conflict: false, name: 'a', operator: '><', version: 'Q1L1EZ3ZAEd0d7gXZqHCnmJeyILcM=' },
    ],
  ])('%s', (text, expected) => {
    expect(parseDependency(text)).toEqual(expected)
  })

  test.each([
    ['>=', /as one word: name>=1\.0/],
    ['a>=', /no version follows >=/],
    ['a=1.0-beta', /"1\.0-beta" is not an apk version/],
    ['a<=>1', /<=> is no operator/],
    ['a@edge', /tag/],
    ['a,', /separate items by spaces/],
    ['!', /ASCII letters/],
    ['grüße', /ASCII letters/],
    ['a\tb', /ASCII letters/],
    ['a><1.0', /takes the identity/],
    ['a><Q1abc', /takes the identity/],
  ])('%j is refused', async (text, message) => {
    await expectRefusal(() => parseDependency(text), 'invalid-field', message)
  })

  test('lists are split at spaces and newlines, in order, as apk spells them', () => {
    expect(splitDependencies('b  a=>1\n!c~=1 a=>1 ')).toEqual(['b', 'a>=1', '!c~1', 'a>=1'])
    expect(splitDependencies('')).toEqual([])
    expect(() => splitDependencies('unsig >= 1.0', 'install_if')).toThrow(/^install_if item ">="/)
    expect(() => splitProvides('a=1 !b')).toThrow(/cannot provide the absence/)
  })
})

describe('names', () => {
  test('of packages', async () => {
    for (const good of ['a', 'gtk+3.0', '7zip', 'Py_x.y-z'])
      expect(parsePackageName(good)).toBe(good)
    for (const bad of ['', '-a', '.a', 'a b', 'a/b', '../x', 'ä', 'a\n', 'a%2f', 'a:b']) {
      await expectRefusal(() => parsePackageName(bad), 'invalid-field', /is not allowed/)
    }
  })

  test('and versions within what apk 2 can cache', () => {
    checkNameAndVersion('a'.repeat(93), '1.0-r0')
    expect(() => checkNameAndVersion('a'.repeat(94), '1.0-r0')).toThrow(/more than 100 characters/)
  })

  test('of architectures', () => {
    for (const good of ['x86_64', 'aarch64', 'armhf', 'armv7', 'noarch', 'loongarch64']) {
      expect(parseArchitecture(good)).toBe(good)
    }
    expect(() => parseArchitecture('amd64')).toThrow(/"amd64" is not known: Alpine calls it x86_64/)
    expect(() => parseArchitecture('ARM64')).toThrow(/aarch64/)
    expect(() => parseArchitecture('386')).toThrow(/x86$/)
    expect(() => parseArchitecture('all')).toThrow(/noarch/)
    for (const bad of ['', 'X86_64', 'a-b', '../x', 'a'.repeat(33), 'x 86']) {
      expect(() => parseArchitecture(bad)).toThrow(/use Alpine's name/)
    }
  })
})
