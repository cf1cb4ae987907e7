// Everything under /api that belongs to no package type.
import type { Endpoint } from '../http/endpoint.ts'
import { checkEndpoints } from './check.ts'
import { healthEndpoint } from './health.ts'
import { ownerEndpoints } from './owners.ts'
import { repositoryEndpoints } from './repositories.ts'
import { tokenEndpoints } from './tokens.ts'

export const apiEndpoints: readonly Endpoint[] = [
  healthEndpoint,
  ...ownerEndpoints,
  ...tokenEndpoints,
  ...repositoryEndpoints,
  ...checkEndpoints,
]
