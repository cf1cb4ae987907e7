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
