// Two ways to one answer: the near one, and home where the near one takes long or has nothing.

/** After so long home is asked too, in milliseconds, and the first answer counts. */
const HEDGE_MS = 25
/**
 * Of many at once one in so many milliseconds: where the near way is slow for all of them, or the isolate has more to
 * do than it can, home would get every question that the near way is there to keep from it.
 */
const BETWEEN_HEDGES_MS = 25
/** Nobody waits for the near way alone for longer, in milliseconds. */
const LATEST_MS = 250

const SLOW = Symbol('slow')

/** When home was last asked because the near way was slow, Unix milliseconds. */
let hedgedAt = 0

/** @param near undefined where it has nothing; it does not fail */
export async function hedge<T>(near: Promise<T | undefined>, home: () => Promise<T>): Promise<T> {
  let open = true
  const found = near.finally(() => {
    open = false
  })
  const first = await Promise.race([found, patience(() => open)])
  if (first !== SLOW) return first ?? home()
  const asked = home()
  const atHome = asked.then(
    () => undefined,
    () => undefined,
  )
  return (await Promise.race([found, atHome])) ?? asked
}

async function patience(isOpen: () => boolean): Promise<typeof SLOW> {
  await scheduler.wait(HEDGE_MS)
  const now = Date.now()
  if (isOpen() && now - hedgedAt >= BETWEEN_HEDGES_MS) hedgedAt = now
  else if (isOpen()) await scheduler.wait(LATEST_MS - HEDGE_MS)
  return SLOW
}
