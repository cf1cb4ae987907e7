import { expect, test } from 'vitest'
import {
  checkCrateName,
  checkDependencyName,
  foldCrateName,
  indexPrefix,
} from '../../../src/types/cargo/format/name.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'

test('names that differ in case, dash or underscore are one', () => {
  expect(['Hello_World', 'hello-world', 'HELLO-WORLD', 'hello_world'].map(foldCrateName)).toEqual(
    Array(4).fill('hello-world'),
  )
})

test.each([
  ['a', '1'],
  ['AB', '2'],
  ['Abc', '3/a'],
  ['a-c_', 'a-/c_'],
  ['Cargo', 'ca/rg'],
])('%s is in %s', (name, prefix) => {
  expect(indexPrefix(name)).toBe(prefix)
})

test('what a crate depends on may have names that a crate here may not', async () => {
  for (const name of ['_a', 'été', 'nul'])
    expect(() => checkDependencyName(name, 'x')).not.toThrow()
  await expectRefusal(() => checkCrateName('_a', 'x'), 'invalid-field', /not the name of a crate/)
  for (const name of ['', '-a', '1', 'a.b', 'a/b', 'a'.repeat(65)]) {
    await expectRefusal(() => checkDependencyName(name, 'x'), 'invalid-field', /not the name/)
  }
})
