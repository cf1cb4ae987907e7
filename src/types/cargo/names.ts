// Which crate and which version a path means. What cannot name anything finds nothing: only a publish is
// told what is wrong with a name.
import { NOTHING, type ResourceQuery } from '../../core/access/resource-query.ts'
import { findPackageState } from '../../core/packages/document.ts'
import {
  findVersionFile,
  nearVersionFile,
  type VersionFileName,
} from '../../core/packages/file-row.ts'
import type { VersionOrder } from '../../core/packages/new-file.ts'
import { FormatError, quote } from '../../formats/format-error.ts'
import { isPrerelease, parseSemver, semverOrderKey, withoutBuild } from '../../formats/semver.ts'
import type { Params } from '../../http/endpoint.ts'
import type { Schema } from '../../http/operation.ts'
import { formatPath } from '../../http/path.ts'
import { checkCrateName, foldCrateName, indexPrefix } from './format/name.ts'
import { findCrateVersion } from './format/version.ts'

export const TYPE = 'cargo'
export const ROOT = `/api/packages/:owner/${TYPE}`
/** Cargo puts `/api/v1` behind the address that config.json gives. */
export const CRATES = `${ROOT}/api/v1/crates`
export const VERSION = `${CRATES}/:crate/:version`

/** Properties of a file, by which pages find what a crate needs and what needs it. */
export const LINKS = { provides: 'cargo.provides', requires: 'cargo.depends' } as const

export const CRATE: Schema = {
  ...{ title: 'CargoCrate', type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$' },
  examples: ['foo'],
}
export const VERSION_PARAMETERS = {
  crate: CRATE,
  version: {
    ...{ type: 'string', minLength: 5, maxLength: 150, examples: ['1.0.0'] },
    description: 'SemVer 2.0.0; what stands behind a `+` has no part in what is found.',
  },
} as const

/** The address of the registry of an owner, without a slash at its end. */
export function rootOf(origin: string, owner: string): string {
  return `${origin}${formatPath('api', 'packages', owner, TYPE)}`
}

/** The path of the download of a crate. */
export function cratePath(owner: string, name: string, version: string): string {
  return formatPath(
    'api',
    'packages',
    owner,
    TYPE,
    'api',
    'v1',
    'crates',
    name,
    version,
    'download',
  )
}

/** The file of a version, by the name that it is found by or, whole, by that of its publisher. */
export function crateFileName(name: string, version: string): string {
  return `${name}-${version}.crate`
}

export interface CrateVersion {
  readonly packageName: string
  readonly version: string
}

/** What a path names, each as it is found by; undefined for what none can have. */
export function findNames({ crate = '', version = '' }: Params): CrateVersion | undefined {
  const packageName = findName(crate)
  if (packageName === undefined || findCrateVersion(version) === undefined) return undefined
  return { packageName, version: withoutBuild(version) }
}

function findName(crate: string): string | undefined {
  try {
    checkCrateName(crate, 'crate')
    return foldCrateName(crate)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

/** A FileRow. */
export function findCrateFile(params: Params): ResourceQuery {
  const names = findFileNames(params)
  return names === undefined ? NOTHING : findVersionFile(names)
}

export function nearCrateFile(params: Params) {
  const names = findFileNames(params)
  return names && nearVersionFile(names)
}

function findFileNames(params: Params): VersionFileName | undefined {
  const names = findNames(params)
  return (
    names && { type: TYPE, ...names, fileName: crateFileName(names.packageName, names.version) }
  )
}

/** A PackageState. */
export function findCrate({ crate = '' }: Params): ResourceQuery {
  const packageName = findName(crate)
  return packageName === undefined ? NOTHING : findPackageState({ type: TYPE, packageName })
}

/** A PackageState: of a crate in the directories where its name belongs, in lower case as cargo asks for it. */
export function findIndexed({ first, second, prefix, crate = '' }: Params): ResourceQuery {
  const directories = prefix ?? `${first}/${second}`
  const misplaced = crate !== crate.toLowerCase() || indexPrefix(crate) !== directories
  return misplaced ? NOTHING : findCrate({ crate })
}

/** What to say where there is no such thing. */
export function absent({ crate = '', version }: Params): string {
  if (version === undefined) return `there is no crate ${quote(crate)} here`
  return `there is no version ${quote(version)} of a crate ${quote(crate)} here`
}

/** Of a version that has been checked. */
export function orderOf(version: string): VersionOrder {
  const parsed = parseSemver(version)
  if (parsed === undefined) return { key: '', prerelease: true }
  return { key: semverOrderKey(parsed), prerelease: isPrerelease(parsed) }
}
