// Makes the real clients available to the tests before they run: installs apk, apko, nfpm, a program with the SDK of
// Forgejo's API, npm's clients, generators of clients and Schemathesis from the package registries into a cache, and
// finds curl and cargo. As a script it only fills the cache.
// In CI a missing client ends the run; elsewhere its tests are shown as skipped, and said so loudly.
import type { TestProject } from 'vitest/node'
import { findApks } from '../types/alpine/clients/apk-tool.ts'
import { findCargo } from '../types/cargo/clients/cargo-tool.ts'
import { installNpmClients } from '../types/npm/clients/npm-tools.ts'
import type { Clients } from './clients/found.ts'
import { installOpenapiPython, installOpenapiTypescript } from './clients/generators/generators.ts'
import { apko, buildGoProgram, installGoTool, nfpm } from './clients/go-tool.ts'
import { run } from './clients/run.ts'
import { installSchemathesis } from './clients/schemathesis.ts'

export async function setup(project: TestProject): Promise<void> {
  const clients = await findClients()
  reportMissing(clients)
  project.provide('clients', clients)
}

async function findClients(): Promise<Clients> {
  const missing: Record<string, string> = {}
  const attempt = async <T>(name: string, find: () => Promise<T>): Promise<T | null> => {
    try {
      return await find()
    } catch (error) {
      missing[name] = error instanceof Error ? error.message : String(error)
      return null
    }
  }
  // One after the other: a build of a Go program takes every core there is.
  const apks = (await attempt('apk', findApks)) ?? []
  const curl = await attempt('curl', findCurl)
  return {
    apks,
    curl,
    apko: await attempt('apko', () => installGoTool(apko)),
    nfpm: await attempt('nfpm', () => installGoTool(nfpm)),
    sdk: await attempt('sdk', () => buildGoProgram('sdk-program')),
    openapiTypescript: await attempt('openapiTypescript', installOpenapiTypescript),
    openapiPython: await attempt('openapiPython', installOpenapiPython),
    cargo: await attempt('cargo', findCargo),
    npmClients: await attempt('npmClients', installNpmClients),
    schemathesis: await attempt('schemathesis', installSchemathesis),
    missing,
  }
}

async function findCurl(): Promise<string> {
  const { stdout } = await run('curl', ['--version'])
  const [, major = 0, minor = 0] = /^curl (\d+)\.(\d+)/.exec(stdout) ?? []
  // --fail-with-body came with 7.76, %header{} with 7.83.
  if (Number(major) < 7 || (Number(major) === 7 && Number(minor) < 83))
    throw new Error(`curl 7.83 or newer is needed: ${stdout.split('\n')[0]}`)
  return 'curl'
}

function reportMissing({ missing }: Clients): void {
  const names = Object.keys(missing)
  if (names.length === 0) return
  const reasons = names.map((name) => `  ${name}: ${missing[name]}`).join('\n')
  if (process.env.CI) throw new Error(`clients that the tests need are missing:\n${reasons}`)
  const rule = '!'.repeat(80)
  console.error(
    `${rule}\nSKIPPING the tests of clients that are missing here:\n${reasons}\n${rule}`,
  )
}

if (import.meta.main) {
  const clients = await findClients()
  reportMissing(clients)
  console.log(JSON.stringify(clients, null, 2))
}
