// `npm run backup -- FILE [--local]`: what D1 holds, as SQL for a database that has the tables already
// (README, "Back up"). wrangler's export of everything lists tables by name, so that rows come before
// the tables that they refer to, and an empty database takes it as little as a migrated one.
import { resolve } from 'node:path'
import { getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as schema from '../src/db/schema.ts'
import { reportFailure } from './failure.ts'
import { failureOf, runWrangler } from './wrangler.ts'

/** Has rows only within a batch. */
const without = getTableName(schema.expectation)

const tables = Object.values(schema)
  .filter((each) => is(each, SQLiteTable))
  .map((table) => getTableName(table))
  .filter((name) => name !== without)

async function backUp(file: string, given: readonly string[]): Promise<void> {
  const args = ['d1', 'export', 'DB', '--no-schema', '--skip-confirmation', '--output', file]
  const where = given.includes('--local') ? given : ['--remote', ...given]
  const only = tables.flatMap((table) => ['--table', table])
  const finished = await runWrangler([...args, ...where, ...only], { output: 'returned' })
  if (finished.code !== 0) throw failureOf('cannot export the database', finished)
  console.log(`wrote ${file}`)
}

const [file = '-', ...given] = process.argv.slice(2)
if (file.startsWith('-')) {
  console.error('usage: npm run backup -- FILE [--local]')
  process.exit(2)
}
try {
  // npm runs scripts in the project's folder; the user may be elsewhere.
  await backUp(resolve(process.env.INIT_CWD ?? '.', file), given)
} catch (error) {
  reportFailure('npm run backup', error)
}
