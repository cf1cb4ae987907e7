import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeFault, faultCodes } from '../../src/core/errors.ts'

const page = readFileSync('docs/problems.md', 'utf8')

it('docs/problems.md has every code as the table has it, and no other', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  const expected = faultCodes.map((code) => {
    const { status, title, members } = describeFault(code)
    const further = members.map((member) => `\`${member}\``).join(', ')
    return `| \`${code}\` | ${status} | ${title} | ${further} |`
  })
  expect(expected.length).toBeGreaterThan(15)
  expect(rows).toEqual(expected)
})

it('its example is a problem that there is', () => {
  const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? []
  const { code, status, title, type } = JSON.parse(example)
  expect(describeFault(code)).toMatchObject({ status, title })
  expect(type).toBe(`/api/v1/docs#${code}`)
})
