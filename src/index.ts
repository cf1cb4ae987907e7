// The Worker's entry: the router, the cron job and the Durable Object's class.
import { fetch } from './app.ts'
import type { Env } from './env.ts'
import { scheduled } from './scheduled.ts'

export { Repository } from './repository/object.ts'

export default { fetch, scheduled } satisfies ExportedHandler<Env>
