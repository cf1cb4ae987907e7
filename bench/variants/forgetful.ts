// The deployed Worker in an isolate that forgets between requests, for what an answer costs whose facts, name and bytes
// come from the place's cache: as in an isolate that was started a moment ago.
import { BoundedMap } from '../../src/core/bounded-map.ts'
import { forgetKept } from '../../src/core/edge-cache.ts'
import worker, { Repository } from '../../src/index.ts'

export { Repository }

type Env = ConstructorParameters<typeof Repository>[1]

const filled = new Set<BoundedMap<unknown>>()
const { set } = BoundedMap.prototype

BoundedMap.prototype.set = function (key, value) {
  filled.add(this)
  set.call(this, key, value)
}

export default {
  fetch(request, env, context) {
    for (const map of filled) map.clear()
    forgetKept()
    return worker.fetch(request, env, context)
  },
} satisfies ExportedHandler<Env>
