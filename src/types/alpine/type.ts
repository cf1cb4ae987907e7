// Alpine Linux: apk packages of format v2 and signed APKINDEX.tar.gz files.
import type { PackageType } from '../type.ts'
import { downloadEndpoints } from './download.ts'
import { versionOrder } from './format/version.ts'
import { alpineIndexing } from './indexing.ts'
import { keyEndpoints, keyFileName } from './keys.ts'
import { EXTENSION, parseRepositoryName, REPOSITORY_PARAMETERS } from './names.ts'
import { listContents, publishEndpoint, REPOSITORY } from './publish.ts'
import { removeEndpoint } from './remove.ts'
import { setupEndpoint } from './setup.ts'
import { alpineUsage } from './usage/usage.ts'
import { alpineView } from './view.ts'

export const alpine: PackageType = {
  type: 'alpine',
  endpoints: [
    ...keyEndpoints,
    ...downloadEndpoints,
    setupEndpoint,
    publishEndpoint,
    removeEndpoint,
  ],
  indexing: alpineIndexing,
  upload: { path: REPOSITORY, fields: [], accept: EXTENSION },
  repositories: {
    path: ':branch/:repository',
    parameters: REPOSITORY_PARAMETERS,
    parseName: parseRepositoryName,
  },
  keyFileName,
  versionOrder,
  view: alpineView,
  listContents,
  usage: alpineUsage,
}
