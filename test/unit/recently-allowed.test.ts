import { expect, it } from 'vitest'
import { RecentlyAllowed } from '../../src/http/recently-allowed.ts'

it('forgets the oldest of more than a hundred', () => {
  const memory = new RecentlyAllowed<number>()
  for (let row = 0; row < 100; row++) memory.note(`key ${row}`, { row, readAt: 0 })
  memory.note('key 0', { row: 1000, readAt: 1 })
  memory.note('another', { row: 100, readAt: 0 })
  expect(memory.find('key 0', 0)?.row).toBe(1000)
  expect(memory.find('key 1', 0)).toBeUndefined()
  expect(memory.find('key 2', 0)?.row).toBe(2)
})

it('holds a row for five seconds', () => {
  const memory = new RecentlyAllowed<string>()
  memory.note('key', { row: 'row', readAt: 1000 })
  expect(memory.find('key', 5999)).toEqual({ row: 'row', readAt: 1000 })
  expect(memory.find('key', 6000)).toBeUndefined()
})
