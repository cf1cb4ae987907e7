// The deployed Worker of another place: the database is that of `HOME_URL` (home.ts), everything else its own. Who asks
// is at the address in `x-bench-address`, as the platform would say in `cf-connecting-ip`; the local runtime names
// its own machine there, which no limiter counts.
import worker from '../../src/index.ts'
import { databaseAt } from './home-database.ts'

export { Repository } from '../../src/index.ts'

type Env = Parameters<typeof worker.fetch>[1] & { readonly HOME_URL: string }

function asked(request: Request): Request {
  const headers = new Headers(request.headers)
  const address = headers.get('x-bench-address')
  if (address === null) return request
  headers.delete('x-bench-address')
  headers.set('cf-connecting-ip', address)
  return new Request(request, { headers })
}

export default {
  fetch: (request, env, context) => {
    const DB = databaseAt(env.HOME_URL)
    const there = new Proxy(env, {
      get: (target, name) => (name === 'DB' ? DB : Reflect.get(target, name)),
    })
    return worker.fetch(asked(request), there, context)
  },
} satisfies ExportedHandler<Env>
