// Which package and version a path means: as they were written, and as their type finds them.
import type { Params } from '../http/endpoint.ts'
import { findPackageType } from './registration.ts'

export interface VersionNames {
  readonly type: string
  readonly name: string
  readonly foldedName: string
  /** Empty where the path names none. */
  readonly version: string
  readonly foldedVersion: string
}

/** Undefined for a type that is not registered. */
export function findVersionNames(params: Params): VersionNames | undefined {
  const { type = '', name = '', version = '' } = params
  const packageType = findPackageType(type)
  if (packageType === undefined) return undefined
  const { foldName, foldVersion } = packageType
  const foldedName = foldName?.(name) ?? name
  return { type, name, foldedName, version, foldedVersion: foldVersion?.(version) ?? version }
}
