// What the cron trigger runs: the sweep, whose report is the log line of its cost.
import { sweep } from './core/blobs/sweep.ts'
import { RegistryError } from './core/errors.ts'
import type { Env } from './env.ts'

export async function scheduled(_: ScheduledController, env: Env): Promise<void> {
  try {
    const report = await sweep(env.DB, env.BLOBS, Date.now())
    console.info(`sweep: ${JSON.stringify(report)}`)
  } catch (error) {
    if (!isHeldOff(error)) throw error
    console.error(`sweep: nothing was deleted: ${error.message}`)
  }
}

/** Whether the sweep found that it must not run, which is no failure of its own. */
function isHeldOff(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError)) return false
  return error.fault.code === 'bucket-mismatch' || error.fault.code === 'restoring'
}
