// How long the fuzzer runs and from which seed: `npm run fuzz -- --seconds N --seed S`, from a new seed
// unless one is given; a failure prints it, and with it the same inputs come in the same order. In an
// ordinary test run as many of the same inputs each time, so that neither luck nor other work on the
// machine decides what passes.
import fc from 'fast-check'

const { VITE_FUZZ_SECONDS, VITE_FUZZ_SEED } = process.env
const seconds = VITE_FUZZ_SECONDS === undefined ? undefined : Number(VITE_FUZZ_SECONDS)
const given = VITE_FUZZ_SEED ?? (seconds === undefined ? '1' : undefined)

/** Room for the run that is under way when the time is over, and for shrinking. */
export const fuzzTimeout: number = (seconds ?? 60) * 1000 + 60_000

/** On a busy machine a short time is over before the rarer of the inputs have come. */
const FEWEST = 300

/**
 * Runs the property until its time is over, and says how far it came.
 * @param ordinary how many runs, where no time is given
 */
export async function fuzz<T>(
  title: string,
  property: fc.IAsyncPropertyWithHooks<T> | fc.IAsyncProperty<T>,
  ordinary: number,
  examples: () => Readonly<Record<string, number>> = () => ({}),
): Promise<void> {
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  const started = Date.now()
  let result = await fc.check(property, {
    seed,
    ...(seconds === undefined
      ? { numRuns: ordinary }
      : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 }),
    markInterruptAsFailure: false,
  })
  if (!result.failed && result.numRuns < FEWEST) {
    result = await fc.check(property, { seed, numRuns: FEWEST })
  }
  const counts = Object.entries(examples()).map(([name, count]) => `, ${count} ${name}`)
  const took = ((Date.now() - started) / 1000).toFixed(1)
  console.log(`fuzz ${title}: ${result.numRuns} runs in ${took} s, seed ${seed}${counts.join('')}`)
  if (!result.failed) return
  const report = fc.defaultReportMessage(result) ?? 'no report'
  throw new Error(`${title} failed; again by: npm run fuzz -- --seed ${seed}\n${report}`, {
    cause: result.errorInstance,
  })
}
