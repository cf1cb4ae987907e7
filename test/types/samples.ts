// The sample of every registered type; a type without one fails whatever runs over all of them.
import { packageTypes } from '../../src/types/registration.ts'
import { alpine } from './alpine/sample.ts'
import { cargo } from './cargo/sample.ts'
import { generic } from './generic/sample.ts'
import { npm } from './npm/sample.ts'
import type { TypeSample } from './type-sample.ts'

const known: Readonly<Record<string, TypeSample>> = { alpine, cargo, generic, npm }

export type RegisteredSample = TypeSample & { readonly type: string }

export const samples: readonly RegisteredSample[] = packageTypes.map(({ type }) => {
  const sample = known[type]
  if (sample === undefined) throw new Error(`the type ${type} has no sample for the tests`)
  return { type, ...sample }
})

/** The sample of the type that a path in Hono's syntax names. */
export function sampleOf(path: string): RegisteredSample | undefined {
  return samples.find(({ type }) => path.split('/').includes(type))
}

/** A value for every parameter of a path that names a type; else those of the first type. */
export function parametersOf(path: string): Readonly<Record<string, string>> {
  const sample = sampleOf(path) ?? samples[0]
  return { owner: 'acme', ...sample?.parameters, ...sample?.parametersOf?.[path] }
}

/**
 * The sample with one other, whose files have an index if its own have none, and none if they have one. Tests
 * whose registry is not to hold the type alone take these two: with all of them each type would cost what
 * there are types.
 */
export function withNeighbour(sample: RegisteredSample): readonly RegisteredSample[] {
  const indexed = sample.findIndexErrors !== undefined
  const other = samples.find((each) => (each.findIndexErrors !== undefined) !== indexed)
  return other === undefined ? [sample] : [sample, other]
}
