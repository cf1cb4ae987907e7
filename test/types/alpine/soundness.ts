// Small packages of one repository, and what must hold of it after whatever was done to it.
import { expect, vi } from 'vitest'
import { clearOverrides } from '../../support/worker/bindings.ts'
import { countRebuiltIndexes, expectConsistent } from '../../support/worker/consistency.ts'
import { ADMIN, answerOf, send } from '../../support/worker/registry.ts'
import { buildApk } from './builder.ts'
import { readIndex } from './index-reader.ts'
import { MAIN, put } from './repository.ts'

export const apk = (name: string, pkgdesc = 'first') =>
  buildApk({ name, version: '1-r0', info: { pkgdesc } })
export const fileOf = (name: string) => `${MAIN}/x86_64/${name}-1-r0.apk`
export const remove = (name: string) => answerOf(fileOf(name), { method: 'DELETE', headers: ADMIN })

/** The status of a download that was read to its end. */
export async function download(path: string): Promise<number> {
  const response = await send(path)
  await response.arrayBuffer()
  return response.status
}

/** Of the packages for x86_64, sorted. */
export async function namesInIndex(): Promise<string[]> {
  const response = await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)
  const { entries } = readIndex(new Uint8Array(await response.arrayBuffer()))
  return entries.map((entry) => entry.P ?? '').sort()
}

/** What must hold whatever happened: exactly these are there, and all works as ever. */
export async function expectSound(names: readonly string[]): Promise<void> {
  clearOverrides()
  vi.restoreAllMocks()
  expect(await countRebuiltIndexes()).toBe(0)
  await expectConsistent()
  expect(await namesInIndex()).toEqual([...names].sort())
  for (const name of names) expect(await download(fileOf(name))).toBe(200)
  expect((await put(apk('next'))).text).toMatch(/^published next /)
  expect((await remove('next')).status).toBe(204)
  await expectConsistent()
}
