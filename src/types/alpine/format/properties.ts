// What is searched for by name and value: where a package comes from, what it provides beside its own
// name, and what it needs. Each is three rows written on D1, so that there are not more of them than
// pages show.
import { parseDependency } from './dependency.ts'
import type { PackageInfo } from './package-info.ts'

export const PROVIDES = 'alpine.provides'
export const DEPENDS = 'alpine.depends'

export interface AlpineProperty {
  readonly name: 'alpine.origin' | typeof PROVIDES | typeof DEPENDS
  readonly value: string
}

/** Of either list; what comes after them is found by the package's own name alone. */
const MAX_NAMES = 256

export function propertiesOf({
  name,
  origin,
  depends,
  provides,
}: Pick<PackageInfo, 'name' | 'origin' | 'depends' | 'provides'>): readonly AlpineProperty[] {
  const provided = namesOf(provides).filter((each) => each !== name)
  return [
    ...(origin === undefined ? [] : [{ name: 'alpine.origin', value: origin } as const]),
    ...provided.slice(0, MAX_NAMES).map((value) => ({ name: PROVIDES, value }) as const),
    ...namesOf(depends)
      .slice(0, MAX_NAMES)
      .map((value) => ({ name: DEPENDS, value }) as const),
  ]
}

/** The names without versions, each once; what must not be installed is not needed. */
export function namesOf(items: readonly string[]): readonly string[] {
  const wanted = items.map((item) => parseDependency(item)).filter(({ conflict }) => !conflict)
  return [...new Set(wanted.map(({ name }) => name))]
}
