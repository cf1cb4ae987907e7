// Generic: any files under a package and a version. No index, no client of its own, nothing signed.
import type { PackageType } from '../type.ts'
import { downloadEndpoint } from './download.ts'
import { FILE_PATH, foldName, TYPE } from './names.ts'
import { publishEndpoint } from './publish.ts'
import { removeEndpoints } from './remove.ts'
import { genericUsage } from './usage.ts'
import { genericView } from './view.ts'

export const generic: PackageType = {
  type: TYPE,
  endpoints: [publishEndpoint, downloadEndpoint, ...removeEndpoints],
  upload: {
    path: FILE_PATH,
    fields: [
      { name: 'package', label: 'Package', example: 'my-tool' },
      { name: 'version', label: 'Version', example: '1.0.0' },
    ],
    fileParameter: 'file',
  },
  foldName,
  foldVersion: foldName,
  view: genericView,
  usage: genericUsage,
}
