// `npm run adopt -- [--force]`: declares that a running registry's bucket belongs to its database, if
// their markers no longer say so (docs/operate.md, "Database and bucket").
import { parseArgs } from 'node:util'
import { reportFailure } from './failure.ts'
import { answerHelp, WHICH_REGISTRY } from './help.ts'
import { openRegistry } from './registry.ts'

interface Adopted {
  sampled: number
  missing: number
}

answerHelp(`npm run adopt -- [--force]

Declares that the bucket of a running registry belongs to its database.

  --force   also if the bucket lacks contents that the database names
${WHICH_REGISTRY}`)
try {
  const { values } = parseArgs({ options: { force: { type: 'boolean', default: false } } })
  const registry = await openRegistry()
  const path = '/api/v1/deployment/bucket'
  const body = { force: values.force }
  const { sampled, missing } = await registry.ask<Adopted>(path, { method: 'PUT', body })
  const found = `it has ${sampled - missing} of the ${sampled} contents that were looked for`
  console.log(`The bucket belongs to the database from now on: ${found}.`)
} catch (error) {
  reportFailure('npm run adopt', error)
}
