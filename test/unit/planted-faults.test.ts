import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CHANGES, COLLECTION_FAULTS, NEAR_FAULTS } from '../support/near-faults.ts'
import { plant } from '../support/plant-faults.ts'

const ROOT = join(import.meta.dirname, '../..')

it.each(CHANGES)('what is planted into $file has its place', (change) => {
  const code = readFileSync(join(ROOT, change.file), 'utf8')
  expect(plant(code, change)).toContain(change.replacement)
})

it('every fault is planted', () => {
  const planted = CHANGES.map(({ replacement }) => replacement).join('\n')
  for (const fault of [...NEAR_FAULTS, ...COLLECTION_FAULTS])
    expect(planted).toContain(`'${fault}'`)
})
