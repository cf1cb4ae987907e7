// The registration of package types: a further type is one line here.
import { repositoryPattern } from '../core/access/grant.ts'
import { alpine } from './alpine/type.ts'
import { generic } from './generic/type.ts'
import type { PackageType } from './type.ts'

export const registries = [alpine, generic] as const satisfies readonly PackageType[]

export function findRegistry(type: string): PackageType | undefined {
  return registries.find((registry) => registry.type === type)
}

export function findIndexing(type: string): PackageType['index'] {
  return findRegistry(type)?.index
}

/** The names that repositories of some type can have. */
export const REPOSITORY: RegExp = repositoryPattern(
  registries.flatMap(({ repositories }: PackageType) => repositories?.path.split('/').length ?? []),
)
