// The deployed Worker of the place where the database is, which also serves the database to another place (place.ts).
import worker from '../../src/index.ts'
import { DATABASE_PATH, runStatements } from './home-database.ts'

export { Repository } from '../../src/index.ts'

type Env = Parameters<typeof worker.fetch>[1]

export default {
  fetch: (request, env, context) =>
    new URL(request.url).pathname === DATABASE_PATH
      ? runStatements(request, env.DB)
      : worker.fetch(request, env, context),
} satisfies ExportedHandler<Env>
