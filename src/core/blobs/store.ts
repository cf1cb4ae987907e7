// Calls to R2 whose failure is an outage, as core/database.ts has it for D1.
import { RegistryError } from '../errors.ts'

/**
 * What a call to R2 gives. A fault of the registry's own that it ends with stays what it is.
 * @param detail what to say when R2 fails
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
