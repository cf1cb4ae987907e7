// Which package, version or file a path means. A scope's slash may be written plain or as %2f, its sign plain or
// as %40; so each path about a package has an alias in which the scope is a segment of its own.
import {
  findIfNamed,
  ifNamed,
  NOTHING,
  type ResourceQuery,
} from '../../core/access/resource-query.ts'
import { RegistryError } from '../../core/errors.ts'
import { type DocumentScope, findPackageState } from '../../core/packages/document.ts'
import { findVersionFile, nearVersionFile } from '../../core/packages/file-row.ts'
import type { VersionOrder } from '../../core/packages/new-file.ts'
import { FormatError, quote } from '../../formats/format-error.ts'
import {
  isPrerelease,
  parseSemver,
  type Semver,
  semverOrderKey,
  withoutBuild,
} from '../../formats/semver.ts'
import type { Params } from '../../http/endpoint.ts'
import type { Schema } from '../../http/operation.ts'
import { formatPath } from '../../http/path.ts'
import { baseNameOf, MAX_NAME, NAME_PATTERN, parseName, tarballName } from './format/name.ts'
import { MAX_TAG, parseTag, TAG_PATTERN } from './format/tag.ts'
import { MAX_VERSION, readVersion } from './format/version.ts'

export const TYPE = 'npm'
export const BASE = `/api/packages/:owner/${TYPE}`
/** What the registry has beside packages. */
export const SERVICE = `${BASE}/-`

/** Without a percent sign behind: `@s%2fp` is one segment with a whole name in it. */
const SCOPE = ':scope{(?:@|%40)[^/%]+}'

/** The path of something of a package, and that with the scope apart. @param before between base and name */
export function packagePaths(after: string, before = ''): { path: string; aliases: string[] } {
  return {
    path: `${BASE}${before}/:package${after}`,
    aliases: [`${BASE}${before}/${SCOPE}/:package${after}`],
  }
}

const PACKAGE: Schema = {
  ...{ type: 'string', minLength: 1, maxLength: MAX_NAME, pattern: NAME_PATTERN },
  examples: ['hello'],
  description: 'With its scope as `@scope/name`, of which the slash may be written as %2f.',
}
export const PACKAGE_PARAMETERS = { package: PACKAGE } as const
export const REVISION_PARAMETERS = {
  ...PACKAGE_PARAMETERS,
  rev: {
    ...{ type: 'string', examples: ['1-0123456789abcdef'] },
    description: 'The `_rev` of the document that the client read.',
  },
} as const
export const FILE_PARAMETERS = {
  ...PACKAGE_PARAMETERS,
  file: {
    ...{ type: 'string', examples: ['hello-1.0.0.tgz'] },
    description: '`name-1.0.0.tgz`, without the scope.',
  },
} as const
export const VERSION_PARAMETERS = {
  ...PACKAGE_PARAMETERS,
  version: {
    ...{ type: 'string', minLength: 1, maxLength: MAX_VERSION, examples: ['1.0.0'] },
    description: 'Or a tag.',
  },
} as const
export const TAG_PARAMETERS = {
  ...PACKAGE_PARAMETERS,
  tag: {
    ...{ type: 'string', minLength: 1, maxLength: MAX_TAG, pattern: TAG_PATTERN },
    examples: ['next'],
  },
} as const

/** @throws RegistryError invalid-name */
export function parsePackage(params: Params): string {
  return asName(() => parseName(packageNameOf(params)))
}

/** @throws RegistryError invalid-name */
export function parseTagName(params: Params): string {
  return asName(() => parseTag(params.tag ?? ''))
}

function packageNameOf({ scope, package: name = '' }: Params): string {
  return scope === undefined ? name : `${scope}/${name}`
}

function asName<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new RegistryError({ code: 'invalid-name', detail: error.message }, { cause: error })
  }
}

/** What a version is found by: two that differ in their build alone are one to clients. */
export function foldVersion(version: string): string {
  return parseSemver(version) === undefined ? version : withoutBuild(version)
}

export function versionOrder(version: string): VersionOrder {
  const semver = parseSemver(version)
  return semver === undefined ? { key: '', prerelease: false } : orderOf(semver)
}

export function orderOf(semver: Semver): VersionOrder {
  return { key: semverOrderKey(semver), prerelease: isPrerelease(semver) }
}

export function findPackage(params: Params): ResourceQuery {
  return findDocument(params, 'package')
}

/** Of the version or tag that the path names. */
export function findVersion(params: Params): ResourceQuery {
  const { version = '' } = params
  const isVersion = readVersion(version) !== undefined
  return findDocument(params, isVersion ? { version: foldVersion(version) } : { tag: version })
}

export function findDocument(params: Params, scope: DocumentScope): ResourceQuery {
  return findIfNamed(() =>
    findPackageState({ type: TYPE, packageName: parsePackage(params), scope }),
  )
}

export interface FileNames {
  readonly packageName: string
  readonly version: string
  readonly fileName: string
}

/** Each as it is found by. Undefined for what can be no tarball of the package. */
export function parseFile(params: Params): FileNames | undefined {
  const packageName = parsePackage(params)
  const { file = '', version: named } = params
  const prefix = `${baseNameOf(packageName)}-`
  if (!file.startsWith(prefix) || !file.endsWith('.tgz')) return undefined
  const written = file.slice(prefix.length, -'.tgz'.length)
  if (readVersion(written) === undefined || (named !== undefined && named !== written))
    return undefined
  const version = foldVersion(written)
  return { packageName, version, fileName: tarballName(packageName, version) }
}

/** A FileRow. */
export function findFile(params: Params): ResourceQuery {
  return findIfNamed(() => {
    const names = parseFile(params)
    return names === undefined ? NOTHING : findVersionFile({ type: TYPE, ...names })
  })
}

export function nearFile(params: Params) {
  const names = ifNamed(() => parseFile(params))
  return names && nearVersionFile({ type: TYPE, ...names })
}

/** Where the tarball of a version is. */
export function tarballPath(owner: string, name: string, version: string): string {
  return formatPath(
    'api',
    'packages',
    owner,
    TYPE,
    ...name.split('/'),
    '-',
    tarballName(name, version),
  )
}

/** What to say when there is no such thing. */
export function absent(params: Params): string {
  const name = quote(packageNameOf(params))
  const { version, file, tag } = params
  if (file !== undefined) return `no such file of ${name}: ${quote(file)}`
  if (tag !== undefined) return `${name} has no tag ${quote(tag)}`
  return version === undefined
    ? `no such package: ${name}`
    : `no such version or tag of ${name}: ${quote(version)}`
}
