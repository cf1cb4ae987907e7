// Which clients this run has, as the global set-up provides them, and the `describe` that shows a
// suite as skipped where its client is missing.
import { describe, inject } from 'vitest'

export interface ApkClient {
  /** For test names. */
  label: string
  path: string
  /** The folder whose bin/busybox, and the loader in its lib/, are a shell for package scripts. */
  shell: string
}

export interface Clients {
  apks: ApkClient[]
  curl: string | null
  apko: string | null
  nfpm: string | null
  /** The program that calls functions of the SDK of Forgejo's API. */
  sdk: string | null
  /** The folders with the generators of clients from the API's document. */
  openapiTypescript: string | null
  openapiPython: string | null
  /** The folders with cargo and rustc, as PATH has them. */
  cargo: string | null
  /** The folder of packages that has npm, pnpm, Yarn 1, Yarn and Bun. */
  npmClients: string | null
  /** The folder that Python has to look in. */
  schemathesis: string | null
  /** By name, the reason. */
  missing: Record<string, string>
}

declare module 'vitest' {
  export interface ProvidedContext {
    clients: Clients
  }
}

type ClientName =
  | 'apk'
  | 'curl'
  | 'apko'
  | 'nfpm'
  | 'sdk'
  | 'openapiTypescript'
  | 'openapiPython'
  | 'cargo'
  | 'npmClients'
  | 'schemathesis'

/** Skipped, with the reason in its name, where one of the clients is missing. */
export function describeWith(
  names: readonly ClientName[],
  title: string,
  body: (clients: FoundClients) => void,
): void {
  const { missing, apks, curl, apko, nfpm, sdk, cargo, npmClients, schemathesis, ...generators } =
    inject('clients')
  const lacking = names.filter((name) => missing[name] !== undefined)
  if (lacking.length > 0) {
    // The body still runs, to show every test that is skipped.
    describe.skip(`${title} (${lacking.join(', ')} missing)`, () => body(absent))
    return
  }
  for (const apk of names.includes('apk') ? apks : [absent.apk])
    describe(names.includes('apk') ? `${title} (${apk.label})` : title, () =>
      body({
        ...{ apk, curl: curl ?? '', apko: apko ?? '', nfpm: nfpm ?? '', sdk: sdk ?? '' },
        openapiTypescript: generators.openapiTypescript ?? '',
        openapiPython: generators.openapiPython ?? '',
        ...{ cargo: cargo ?? '', npmClients: npmClients ?? '', schemathesis: schemathesis ?? '' },
      }),
    )
}

/** What was asked for; empty what was not. */
export interface FoundClients {
  apk: ApkClient
  curl: string
  apko: string
  nfpm: string
  sdk: string
  openapiTypescript: string
  openapiPython: string
  cargo: string
  npmClients: string
  schemathesis: string
}

const absent: FoundClients = {
  apk: { label: '', path: '', shell: '' },
  curl: '',
  apko: '',
  nfpm: '',
  sdk: '',
  openapiTypescript: '',
  openapiPython: '',
  cargo: '',
  npmClients: '',
  schemathesis: '',
}
