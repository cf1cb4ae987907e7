import { expect, it } from 'vitest'
import { Gap } from '../../../../src/core/near/gap.ts'
import { prependCommit } from '../../../../src/core/near/recent-commits.ts'

const REST = 15_000
const HEADS = ['a', 'b', 'c'].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`)
const [first = '', second = '', third = ''] = HEADS
const recent = prependCommit(undefined, first, [])

it('there is none where the list has the head, nor before the first commit', () => {
  const gap = new Gap()
  expect(gap.left({ head: first, recent }, REST, 0)).toBe(0)
  expect(gap.left({ head: null, recent: '' }, REST, 0)).toBe(0)
})

it('rests from when it was met', () => {
  const gap = new Gap()
  expect(gap.left({ head: second, recent }, REST, 1000)).toBe(REST)
  expect(gap.left({ head: second, recent }, REST, 1000 + REST - 1)).toBe(1)
  expect(gap.left({ head: second, recent }, REST, 1000 + REST)).toBe(0)
})

it('rests anew where code that keeps no list made one more commit', () => {
  const gap = new Gap()
  gap.left({ head: second, recent }, REST, 1000)
  expect(gap.left({ head: third, recent }, REST, 1000 + REST)).toBe(REST)
})

it('rests no longer for a commit of the object itself', () => {
  const gap = new Gap()
  gap.left({ head: second, recent }, REST, 1000)
  gap.followed(second, third)
  expect(gap.left({ head: third, recent }, REST, 1000 + REST)).toBe(0)
})
