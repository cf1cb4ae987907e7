// One running registry for all browser tests, filled once: they only look at it. In CI a missing
// Chromium ends the run; elsewhere its tests are shown as skipped, and said so loudly.
import type { TestProject } from 'vitest/node'
import { startServer } from '../clients/server.ts'
import { requireChromium } from './chromium.ts'
import { type Registry, seed } from './seed.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Null where there is no Chromium. */
    seeded: Registry | null
  }
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  try {
    await requireChromium()
  } catch (error) {
    if (process.env.CI) throw error
    const rule = '!'.repeat(80)
    console.error(`${rule}\nSKIPPING the browser tests: ${String(error)}\n${rule}`)
    project.provide('seeded', null)
    return undefined
  }
  const server = await startServer()
  const { url, adminToken } = server
  try {
    await seed({ url, adminToken })
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  project.provide('seeded', { url, adminToken })
  return () => server[Symbol.asyncDispose]()
}
