// The registration of package types: a further type is one import and one entry of the list.
import type { SigningKey } from '../core/signing-keys.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { alpine } from './alpine/type.ts'
import { cargo } from './cargo/type.ts'
import { generic } from './generic/type.ts'
import { npm } from './npm/type.ts'
import type { PackageType } from './type.ts'

export const packageTypes = [alpine, cargo, generic, npm] as const satisfies readonly PackageType[]

export function findPackageType(type: string): PackageType | undefined {
  return packageTypes.find((packageType) => packageType.type === type)
}

export function findIndexing(type: string): PackageType['indexing'] {
  return findPackageType(type)?.indexing
}

/** Its endpoints, each with the dialect of the type unless it has one of its own. */
export function endpointsOf({ dialect, endpoints }: PackageType): readonly Endpoint[] {
  if (dialect === undefined) return endpoints
  return endpoints.map((endpoint) => ({ dialect, ...endpoint }))
}

/** The files in which clients of a type keep public keys, the current one first; none for a type without keys. */
export function keyFilesOf(
  { keyFileName }: Pick<PackageType, 'keyFileName'>,
  keys: readonly Pick<SigningKey, 'name'>[],
): readonly string[] {
  // One file may have all keys, as those of Debian's clients do.
  return keyFileName === undefined ? [] : [...new Set(keys.map(keyFileName))]
}

/** The same of each type whose clients have such files, by its word. */
export function keyFilesByType(
  keys: readonly Pick<SigningKey, 'name'>[],
  types: readonly Pick<PackageType, 'type' | 'keyFileName'>[] = packageTypes,
): Readonly<Record<string, readonly string[]>> {
  const named = types.filter(({ keyFileName }) => keyFileName !== undefined)
  return Object.fromEntries(named.map((each) => [each.type, keyFilesOf(each, keys)]))
}

/**
 * What the API of owners calls a public key: the name under which clients of the first type with such
 * names keep it, which is apk's.
 */
export function keyFileName(key: Pick<SigningKey, 'name'>): string {
  const [named] = packageTypes.flatMap(({ keyFileName }: PackageType) => keyFileName ?? [])
  return named?.(key) ?? key.name
}
