// Cargo: crates by the sparse index. Nothing is signed; a line of the index has the digest of its crate.
import { withoutBuild } from '../../formats/semver.ts'
import type { PackageType } from '../type.ts'
import { accountEndpoints } from './account.ts'
import { cargoDialect } from './dialect.ts'
import { documentEndpoints } from './documents.ts'
import { downloadEndpoint } from './download.ts'
import { foldCrateName } from './format/name.ts'
import { markEndpoints } from './marks.ts'
import { orderOf, TYPE } from './names.ts'
import { listContents, publishEndpoint } from './publish.ts'
import { searchEndpoint } from './search.ts'
import { cargoUsage } from './usage.ts'
import { cargoView } from './view.ts'

export const cargo: PackageType = {
  type: TYPE,
  endpoints: [
    publishEndpoint,
    downloadEndpoint,
    ...markEndpoints,
    ...accountEndpoints,
    searchEndpoint,
    // The last ones, since the paths of an index match those of the API, too.
    ...documentEndpoints,
  ],
  dialect: cargoDialect,
  foldName: foldCrateName,
  foldVersion: withoutBuild,
  versionOrder: orderOf,
  view: cargoView,
  listContents,
  usage: cargoUsage,
}
