import { expect, it } from 'vitest'
import { KeptMemory, SMALL_BYTES } from '../../src/core/kept-memory.ts'

const small = (fill: number, length = SMALL_BYTES) => new Uint8Array(length).fill(fill)

it('gives what it was given, and keeps the first of a name', () => {
  const memory = new KeptMemory()
  memory.note('a', small(1, 3))
  memory.note('a', small(2, 3))
  expect([memory.find('a'), memory.find('b')]).toEqual([small(1, 3), undefined])
  memory.forget()
  expect(memory.find('a')).toBe(undefined)
})

it('takes nothing that is large', () => {
  const memory = new KeptMemory()
  memory.note('a', small(1, SMALL_BYTES + 1))
  expect(memory.find('a')).toBe(undefined)
})

it.each([
  ['large', SMALL_BYTES],
  ['empty', 0],
])('holds 8 MiB at most of %s ones, and drops what was asked for longest ago', (_, length) => {
  const memory = new KeptMemory()
  const most = Math.floor((8 * 1024 * 1024) / (length + 500))
  for (let at = 0; at < most; at++) memory.note(String(at), small(at, length))
  expect(memory.find('0')).toBeDefined()
  memory.note('one more', small(0, length))
  expect([memory.find('0'), memory.find('one more')]).not.toContain(undefined)
  expect(memory.find('1')).toBe(undefined)
  for (let at = 0; at < 3 * most; at++) memory.note(`other ${at}`, small(at, length))
  let found = 0
  for (let at = 0; at < 3 * most; at++) found += Number(memory.find(`other ${at}`) !== undefined)
  expect(found).toBe(most)
})
