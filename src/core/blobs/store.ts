// Turns failures of R2 into the fault of an outage, as core/database.ts does for D1.
import { RegistryError } from '../errors.ts'

/**
 * Runs a call to R2 and returns its result. A fault of the registry's own passes unchanged.
 * @param detail the text of the fault if R2 fails
 * @throws RegistryError storage-unavailable
 */
export async function askStore<T>(
  run: () => Promise<T>,
  detail = 'the object store does not answer: try again',
): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause
    throw new RegistryError({ code: 'storage-unavailable', detail }, { cause })
  }
}
