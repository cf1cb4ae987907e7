// Every page, and what pages need.
import type { Endpoint } from '../http/endpoint.ts'
import { assetEndpoints } from './assets/assets.ts'
import { contentsEndpoint } from './pages/contents.tsx'
import { historyPageEndpoints } from './pages/history.tsx'
import { homeEndpoint } from './pages/home.tsx'
import { manageEndpoints } from './pages/manage.tsx'
import { ownerEndpoint } from './pages/owner.tsx'
import { ownersEndpoints } from './pages/owners.tsx'
import { packageEndpoint } from './pages/package.tsx'
import { readmeEndpoint } from './pages/readme.tsx'
import { removeEndpoints } from './pages/remove.tsx'
import { repositoryPageEndpoints } from './pages/repository.tsx'
import { signInEndpoints } from './pages/sign-in.tsx'
import { uploadEndpoints } from './pages/upload.tsx'
import { versionsEndpoint } from './pages/versions.tsx'
import { siteEndpoints } from './site.ts'

/** In the order in which paths are matched: what belongs to no owner comes first. */
const pages: readonly Endpoint[] = [
  homeEndpoint,
  ...signInEndpoints,
  ...ownersEndpoints,
  ...uploadEndpoints,
  ...removeEndpoints,
  ...manageEndpoints,
  packageEndpoint,
  versionsEndpoint,
  readmeEndpoint,
  contentsEndpoint,
  ...historyPageEndpoints,
  ...repositoryPageEndpoints,
  ownerEndpoint,
]

export const webEndpoints: readonly Endpoint[] = [
  ...assetEndpoints,
  ...siteEndpoints,
  ...pages.map((page): Endpoint => ({ ...page, countsReaders: true })),
]
