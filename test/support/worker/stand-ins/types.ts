// The package types that the Worker under test has: those that are deployed, and stand-ins beside them.
import { packageTypes } from '../../../../src/types/registration.ts'
import type { PackageType } from '../../../../src/types/type.ts'
import { dialectTypes } from './dialects.ts'
import { documentType } from './documents.ts'
import { formType } from './form.ts'
import { listsTypes } from './lists.ts'
import { setsType } from './sets.ts'
import { signedType } from './signed.ts'
import { tailType } from './tail.ts'
import { wrappedType } from './wrapped.ts'

export const testedTypes: readonly PackageType[] = [
  ...packageTypes,
  ...dialectTypes,
  ...listsTypes,
  ...[documentType, formType, setsType, signedType, tailType, wrappedType],
]

export function findTestedType(word: string): PackageType | undefined {
  return testedTypes.find(({ type }) => type === word)
}
