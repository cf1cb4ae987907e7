// The sample of every registered type; a type without one fails whatever runs over all of them.
import { packageTypes } from '../../src/types/registration.ts'
import { alpine } from './alpine/sample.ts'
import { generic } from './generic/sample.ts'
import type { TypeSample } from './type-sample.ts'

const known: Readonly<Record<string, TypeSample>> = { alpine, generic }

export const samples: readonly (TypeSample & { readonly type: string })[] = packageTypes.map(
  ({ type }) => {
    const sample = known[type]
    if (sample === undefined) throw new Error(`the type ${type} has no sample for the tests`)
    return { type, ...sample }
  },
)

/** The sample of the type that a path in Hono's syntax names. */
export function sampleOf(path: string): (typeof samples)[number] | undefined {
  return samples.find(({ type }) => path.split('/').includes(type))
}

/** A value for every parameter of a path that names a type; else those of the first type. */
export function parametersOf(path: string): Readonly<Record<string, string>> {
  const sample = sampleOf(path) ?? samples[0]
  return { owner: 'acme', ...sample?.parameters, ...sample?.parametersOf?.[path] }
}
