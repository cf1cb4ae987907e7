// Bytes in chunks and errors with their code, as the tests of formats need them.
import { expect } from 'vitest'
import { FormatError, type FormatErrorCode } from '../../../src/formats/format-error.ts'

/** The bytes in chunks of these sizes, used in turn. */
export async function* chunked(
  bytes: Uint8Array,
  sizes: number | readonly number[] = 65_536,
): AsyncGenerator<Uint8Array, void, undefined> {
  const list = [sizes].flat()
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const size = Math.max(1, list[turn % list.length] ?? 1)
    yield bytes.subarray(start, start + size)
    start += size
  }
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}

export async function failure(work: () => unknown): Promise<FormatError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** Expects a refusal with this code and a message of one line that says this. */
export async function expectRefusal(
  work: () => unknown,
  code: FormatErrorCode,
  message: RegExp,
): Promise<void> {
  const error = await failure(work)
  expect(error.message).toMatch(message)
  expect(error.message).toMatch(/^\P{Cc}+$/u)
  expect(error.code).toBe(code)
}
