import { expect } from 'vitest'
import { FormatError } from '../../src/formats/format-error.ts'
import { cpuMilliseconds } from '../support/cpu-time.ts'

/** The result; undefined when it was refused in the right way; throws what is no refusal. */
export async function attempt<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  const started = cpuMilliseconds()
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    expect(error.message).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{10,1000}$/u)
    expect(error.message.isWellFormed()).toBe(true)
    return undefined
  } finally {
    expect(cpuMilliseconds() - started).toBeLessThan(5000)
  }
}
