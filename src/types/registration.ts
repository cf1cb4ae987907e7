// The registration of package types: a further type is one line here.
import { repositoryPattern } from '../core/access/grant.ts'
import type { SigningKey } from '../core/signing-keys.ts'
import { alpine } from './alpine/type.ts'
import { generic } from './generic/type.ts'
import type { PackageType } from './type.ts'

export const packageTypes = [alpine, generic] as const satisfies readonly PackageType[]

export function findPackageType(type: string): PackageType | undefined {
  return packageTypes.find((packageType) => packageType.type === type)
}

export function findIndexing(type: string): PackageType['indexing'] {
  return findPackageType(type)?.indexing
}

/** The name under which clients keep a public key; the same for all types that sign with it. */
export function keyFileName(key: Pick<SigningKey, 'name'>): string {
  const [named] = packageTypes.flatMap(({ keyFileName }: PackageType) => keyFileName ?? [])
  return named?.(key) ?? key.name
}

/** The names that repositories of some type can have. */
export const REPOSITORY: RegExp = repositoryPattern(
  packageTypes.flatMap(
    ({ repositories }: PackageType) => repositories?.path.split('/').length ?? [],
  ),
)
