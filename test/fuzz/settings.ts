// How long the fuzzer runs and from which seed: `npm run fuzz -- --seconds N --seed S`, from a new seed
// unless one is given; a failure prints it, and with it the same inputs come in the same order. In an
// ordinary test run a few seconds of the same inputs each time, so that no luck decides what passes.
import fc from 'fast-check'

const seconds = Number(process.env.VITE_FUZZ_SECONDS ?? 4)
const given = process.env.VITE_FUZZ_SEED ?? (process.env.VITE_FUZZ_SECONDS ? undefined : '1')

export const fuzzMilliseconds: number = seconds * 1000

/** Room for the run that is under way when the time is over, and for shrinking. */
export const fuzzTimeout: number = fuzzMilliseconds + 60_000

/** Runs the property until its time is over, and says how far it came. */
export async function fuzz<T>(
  title: string,
  property: fc.IAsyncPropertyWithHooks<T> | fc.IAsyncProperty<T>,
  examples: () => Readonly<Record<string, number>> = () => ({}),
): Promise<void> {
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  const started = Date.now()
  const result = await fc.check(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: fuzzMilliseconds,
    markInterruptAsFailure: false,
  })
  const counts = Object.entries(examples()).map(([name, count]) => `, ${count} ${name}`)
  const took = ((Date.now() - started) / 1000).toFixed(1)
  console.log(`fuzz ${title}: ${result.numRuns} runs in ${took} s, seed ${seed}${counts.join('')}`)
  if (!result.failed) return
  const report = fc.defaultReportMessage(result) ?? 'no report'
  throw new Error(`${title} failed; again by: npm run fuzz -- --seed ${seed}\n${report}`, {
    cause: result.errorInstance,
  })
}
