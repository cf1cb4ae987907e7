// What the cron trigger runs: the sweep, whose report is the log line of its cost.
import { sweep } from './core/blobs/sweep.ts'
import type { Env } from './env.ts'

export async function scheduled(_: ScheduledController, env: Env): Promise<void> {
  const report = await sweep(env.DB, env.BLOBS, Date.now())
  console.info(`sweep: ${JSON.stringify(report)}`)
}
