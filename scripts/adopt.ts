// `npm run adopt -- [--force]`: declares that the bucket of a running registry is the one of its
// database, which are no longer known to belong together (docs/operate.md, "Database and bucket").
import { parseArgs } from 'node:util'
import { reportFailure } from './failure.ts'
import { answerHelp, WHICH_REGISTRY } from './help.ts'
import { openRegistry } from './registry.ts'

interface Adopted {
  sampled: number
  missing: number
}

answerHelp(`npm run adopt -- [--force]

Declares that the bucket of a running registry is the one of its database.

  --force   also where contents that the database names are not in it
${WHICH_REGISTRY}`)
try {
  const { values } = parseArgs({ options: { force: { type: 'boolean', default: false } } })
  const registry = await openRegistry()
  const path = '/api/v1/deployment/bucket'
  const body = { force: values.force }
  const { sampled, missing } = await registry.ask<Adopted>(path, { method: 'PUT', body })
  const found = `${sampled - missing} of ${sampled} contents that were looked for are in it`
  console.log(`The bucket is the database's from now on: ${found}.`)
} catch (error) {
  reportFailure('npm run adopt', error)
}
