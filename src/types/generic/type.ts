// Generic: any files under a package and a version. No index, no client of its own, nothing signed.
import type { PackageType } from '../type.ts'
import { FILE_PATH, fileEndpoints, TYPE } from './files.ts'
import { foldName } from './names.ts'
import { removeEndpoints } from './remove.ts'
import { genericUsage } from './usage.ts'
import { genericView } from './view.ts'

export const generic: PackageType = {
  type: TYPE,
  endpoints: [...fileEndpoints, ...removeEndpoints],
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
