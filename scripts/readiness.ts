// Waits until a started registry really serves: its health endpoint passes, and it answers a client's first
// request, which is for the public key. Until then this prints each different answer once.
import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 250
const requestMs = 10_000

/** Waits, then returns the file name of an owner's public key, from the registry's answer. */
export async function waitUntilReady(
  url: string,
  owner: string,
  signal: AbortSignal,
): Promise<string> {
  let shown = ''
  for (;;) {
    const { keyFile, refusal } = await askForKey(url, owner, signal)
    if (keyFile !== undefined) return keyFile
    signal.throwIfAborted()
    if (refusal !== shown) console.error(`The registry does not serve yet: ${refusal}`)
    shown = refusal
    await sleep(pauseMs, undefined, { signal })
  }
}

type Answer = { keyFile: string; refusal?: never } | { keyFile?: never; refusal: string }

async function askForKey(url: string, owner: string, signal: AbortSignal): Promise<Answer> {
  for (const path of ['/api/healthz', `/api/packages/${owner}/alpine/key`]) {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(requestMs)])
      const response = await fetch(`${url}${path}`, { signal: limit })
      const text = (await response.text()).replaceAll(/\s+/g, ' ').trim()
      if (response.status !== 200) return { refusal: `${path} answers ${response.status}: ${text}` }
      const disposition = response.headers.get('content-disposition') ?? ''
      const [, keyFile] = /filename="?([^";]+\.rsa\.pub)/.exec(disposition) ?? []
      if (keyFile !== undefined) return { keyFile }
    } catch (error) {
      return { refusal: `${path} does not answer: ${reasonOf(error)}` }
    }
  }
  return { refusal: 'the public key comes without a file name' }
}

/** The message of a failed fetch says only that it failed. Its cause has the reason. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
