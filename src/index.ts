// The Worker's entry: the router and the Durable Object's class.
import { fetch } from './app.ts'
import type { Env } from './env.ts'

export { Repository } from './registries/repository.ts'

export default { fetch } satisfies ExportedHandler<Env>
