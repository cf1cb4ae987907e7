// Samples and what is said of them: the median, since one disturbed run must not move it, and the
// quartiles and extremes, which show how much was disturbed.

export interface Summary {
  readonly runs: number
  readonly median: number
  /** Quartiles. */
  readonly low: number
  readonly high: number
  readonly min: number
  readonly max: number
}

export function summarise(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b)
  return {
    runs: sorted.length,
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
  }
}

export function medianOf(samples: readonly number[]): number {
  return summarise(samples).median
}

/** Milliseconds that the action takes. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await action()
  return performance.now() - start
}

/** Runs so many at once until all are done; each worker takes the next one. */
export async function inParallel<T>(
  clients: number,
  items: readonly T[],
  action: (item: T, at: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const work = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at]
      if (item !== undefined) await action(item, at)
    }
  }
  await Promise.all(Array.from({ length: clients }, work))
}

function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new RangeError('no samples')
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)] ?? 0
  const above = sorted[Math.ceil(position)] ?? below
  return below + (above - below) * (position - Math.floor(position))
}
