// npm: packages of JavaScript, for npm, pnpm, yarn and bun. Nothing is signed; documents are made of rows.
import type { PackageType } from '../type.ts'
import { accountEndpoints } from './account.ts'
import { npmDialect } from './dialect.ts'
import { documentEndpoints } from './documents.ts'
import { downloadEndpoint } from './download.ts'
import { foldVersion, TYPE, versionOrder } from './names.ts'
import { publishEndpoint } from './publish.ts'
import { removeEndpoints } from './remove.ts'
import { searchEndpoints } from './search.ts'
import { tagEndpoints } from './tags.ts'
import { npmUsage } from './usage.ts'
import { npmView } from './view.ts'

export const npm: PackageType = {
  type: TYPE,
  endpoints: [
    // Paths of the registry itself come first: those of packages would match them, too.
    ...accountEndpoints,
    ...searchEndpoints,
    ...tagEndpoints,
    ...documentEndpoints,
    publishEndpoint,
    downloadEndpoint,
    ...removeEndpoints,
  ],
  dialect: npmDialect,
  foldVersion,
  versionOrder,
  view: npmView,
  usage: npmUsage,
}
