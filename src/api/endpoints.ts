// Everything under /api that belongs to no package type.
import type { Endpoint } from '../http/endpoint.ts'
import { endpointsOf, packageTypes } from '../types/registration.ts'
import { backupEndpoints } from './backup.ts'
import { bucketEndpoints } from './bucket.ts'
import { checkEndpoints } from './check.ts'
import { deploymentCheckEndpoints } from './deployment-check.ts'
import { healthEndpoint } from './health.ts'
import { historyEndpoints } from './history.ts'
import { objectEndpoints } from './objects.ts'
import { documentEndpoint } from './openapi.ts'
import { ownerEndpoints } from './owners.ts'
import { packageEndpoints } from './packages.ts'
import { probeEndpoints } from './probe.ts'
import { repositoryEndpoints } from './repositories.ts'
import { restoreEndpoints } from './restore.ts'
import { tokenEndpoints } from './tokens.ts'
import { versionEndpoint } from './version.ts'

const managing: readonly Endpoint[] = [
  ...packageEndpoints,
  ...ownerEndpoints,
  ...tokenEndpoints,
  ...repositoryEndpoints,
  ...historyEndpoints,
  ...checkEndpoints,
  ...bucketEndpoints,
  ...deploymentCheckEndpoints,
  ...backupEndpoints,
  ...objectEndpoints,
  ...restoreEndpoints,
  ...probeEndpoints,
  healthEndpoint,
  versionEndpoint,
]

const typed: readonly Endpoint[] = packageTypes.flatMap(endpointsOf)

export const apiEndpoints: readonly Endpoint[] = [
  ...managing,
  documentEndpoint([...managing, ...typed]),
]
