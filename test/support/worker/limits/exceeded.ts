// What went over a documented limit of the platform. A call that does fails, as it would there; and the
// test fails with it, since code that reports a failure as an outage would hide the reason.

let seen: string[] = []

/** The error of the call, which the test is told of whatever becomes of the error. */
export function exceeded(limit: string): Error {
  seen.push(limit)
  return new Error(`limit of the platform: ${limit}`)
}

/** What was exceeded since the last call, for a test that goes over a limit on purpose. */
export function takeExceeded(): string[] {
  const taken = seen
  seen = []
  return taken
}
