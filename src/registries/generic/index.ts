// Generic: any files under a package and a version. No index, no client of its own, nothing signed.
import type { PackageType } from '../registry.ts'
import { fileEndpoints, TYPE } from './files.ts'
import { foldName } from './names.ts'
import { removeEndpoints } from './remove.ts'

export const generic: PackageType = {
  type: TYPE,
  endpoints: [...fileEndpoints, ...removeEndpoints],
  foldName,
  foldVersion: foldName,
}
