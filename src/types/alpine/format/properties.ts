// What is searched for by name and value: where a package comes from, what it provides beside its own
// name, and what it needs. Each is three rows written on D1, some 300 bytes and three times the name,
// so that their number and their bytes are bounded.
import { parseDependency } from './dependency.ts'
import type { PackageInfo } from './package-info.ts'

export const PROVIDES = 'alpine.provides'
export const DEPENDS = 'alpine.depends'

export interface AlpineProperty {
  readonly name: 'alpine.origin' | typeof PROVIDES | typeof DEPENDS
  readonly value: string
}

/**
 * Of either list; what comes after them is found by the package's own name alone. In Alpine 3.16's
 * main no list has more than 104 names, or 1,959 bytes of them.
 */
const MAX_NAMES = 128
const MAX_NAME_BYTES = 4096

export function propertiesOf({
  name,
  origin,
  depends,
  provides,
}: Pick<PackageInfo, 'name' | 'origin' | 'depends' | 'provides'>): readonly AlpineProperty[] {
  const provided = namesOf(provides).filter((each) => each !== name)
  return [
    ...(origin === undefined ? [] : [{ name: 'alpine.origin', value: origin } as const]),
    ...firstOf(provided).map((value) => ({ name: PROVIDES, value }) as const),
    ...firstOf(namesOf(depends)).map((value) => ({ name: DEPENDS, value }) as const),
  ]
}

function firstOf(names: readonly string[]): readonly string[] {
  let bytes = 0
  const end = names.findIndex((name, index) => {
    // Names are ASCII.
    bytes += name.length
    return index === MAX_NAMES || bytes > MAX_NAME_BYTES
  })
  return end < 0 ? names : names.slice(0, end)
}

/** The names without versions, each once; what must not be installed is not needed. */
export function namesOf(items: readonly string[]): readonly string[] {
  const wanted = items.map((item) => parseDependency(item)).filter(({ conflict }) => !conflict)
  return [...new Set(wanted.map(({ name }) => name))]
}
