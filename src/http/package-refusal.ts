// What a format refuses in a package, as a fault.
import { RegistryError } from '../core/errors.ts'
import { FormatError } from '../formats/format-error.ts'

/**
 * For what `transform`, `inspect`, `verify` and `examine` of a publication throw, publishUpload does it.
 * @throws RegistryError invalid-package for a FormatError; anything else as it is
 */
export function refusePackage(error: unknown): never {
  if (!(error instanceof FormatError)) throw error
  const { code: reason, message: detail, field } = error
  const fault = { code: 'invalid-package', reason, detail } as const
  throw new RegistryError(field === undefined ? fault : { ...fault, field }, { cause: error })
}
