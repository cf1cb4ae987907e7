import { setTimeout as sleep } from 'node:timers/promises'
import { getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, it } from 'vitest'
import { forEachOf } from '../../scripts/backup/progress.ts'
import { BACKED_UP, columnsOf, LEFT_OUT, nameOf, TABLES } from '../../src/core/backup/tables.ts'
import * as schema from '../../src/db/schema.ts'

it('a backup has every table, or it is said why not', () => {
  const tables = Object.values(schema).flatMap((each) =>
    is(each, SQLiteTable) ? [getTableName(each)] : [],
  )
  const known = [...TABLES, ...LEFT_OUT.map(nameOf)]
  expect(known.sort()).toEqual(tables.sort())
  for (const name of TABLES) expect(getTableName(BACKED_UP[name].table)).toBe(name)
})

it('has the columns of a table, but for ids that a database counts', () => {
  expect(columnsOf('package')).toEqual([
    ...['owner_id', 'type', 'name', 'display_name', 'created_at', 'changed_at', 'changes'],
  ])
  expect(columnsOf('package_version')).toEqual([
    ...['version', 'display_version', 'created_at', 'order_key', 'prerelease'],
  ])
})

it('work for many ends before its failure is told, and none begins after it', async () => {
  const begun: number[] = []
  let running = 0
  const work = async (item: number) => {
    begun.push(item)
    running++
    await sleep(item === 1 ? 5 : 50)
    running--
    if (item === 1) throw new Error('the first')
  }
  await expect(forEachOf([1, 2, 3, 4, 5], 3, work)).rejects.toThrow('the first')
  expect([running, begun]).toEqual([0, [1, 2, 3]])
})
