// What the data centre's cache needs of a request.
import type { Edge } from '../core/edge-cache.ts'
import { cacheSecretOf } from '../env.ts'
import type { Call } from './endpoint.ts'

export function edgeOf({ env, url, waitUntil }: Pick<Call, 'env' | 'url' | 'waitUntil'>): Edge {
  return { origin: url.origin, secret: cacheSecretOf(env), waitUntil }
}
