// How the scripts talk to a running registry as its deployment admin: URL and TOKEN come from the
// environment; without them it is the one that `npm start` serves.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import { projectDirectory } from './wrangler.ts'

const localUrl = 'http://127.0.0.1:8787'

/** An answer that was no success, in one line. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string | undefined

  constructor(status: number, code: string | undefined, message: string) {
    super(`${status}: ${message}`)
    this.status = status
    this.code = code
  }
}

export interface AskOptions {
  readonly method?: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** How often an outage is tried again, with growing pauses; 0 unless it is said. */
  readonly tries?: number
}

export class Registry {
  readonly url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.url = url.replace(/\/+$/, '')
    this.#token = token
  }

  /** What a successful answer has as JSON. Throws Refusal, or Error where nobody answers. */
  async ask<T>(path: string, { method = 'GET', body, tries = 0 }: AskOptions = {}): Promise<T> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
    // The shape is that of the endpoint, which is tested against its description.
    return this.attempt(async () => {
      const response = await this.#send(path, init)
      return (response.status === 204 ? undefined : await response.json()) as T
    }, tries)
  }

  /** A successful answer whose body is yet to be read. */
  send(path: string, init: RequestInit = {}): Promise<Response> {
    return this.#send(path, init)
  }

  /** Runs it again after an outage: nobody answers, or says 429 or a 5xx. */
  async attempt<T>(run: () => Promise<T>, tries: number): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await run()
      } catch (error) {
        if (attempt >= tries || !isOutage(error)) throw error
        await sleep(Math.min(250 * 2 ** attempt, 10_000))
      }
    }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${this.#token}`)
    let response: Response
    try {
      response = await fetch(this.url + path, { ...init, headers })
    } catch (error) {
      // fetch says only that it failed, and why in its cause.
      const { message, cause } = error as Error
      const reason = cause instanceof Error ? cause.message : message
      throw new Refusal(0, undefined, `${this.url} does not answer: ${reason}`)
    }
    if (response.ok) return response
    throw refusalOf(response.status, await response.text())
  }
}

/** 503 by a deployment that is not complete, or is not to be written to, does not mend itself. */
const lasting = ['not-configured', 'bucket-mismatch', 'restoring']

function isOutage(error: unknown): boolean {
  if (!(error instanceof Refusal)) return error instanceof TypeError
  if (error.code !== undefined && lasting.includes(error.code)) return false
  return error.status === 0 || error.status === 429 || error.status >= 500
}

/** The line of a problem; what stands between may answer something else. */
function refusalOf(status: number, text: string): Refusal {
  try {
    const { code, detail }: { code?: string; detail?: string } = JSON.parse(text)
    return new Refusal(status, code, detail ?? text)
  } catch {
    return new Refusal(status, undefined, text.trim().slice(0, 500))
  }
}

/** @throws Error where it is not said which registry, or with which token */
export async function openRegistry(): Promise<Registry> {
  const { URL: url, TOKEN: token } = process.env
  if (url === undefined) return new Registry(localUrl, token ?? (await readLocalToken()))
  // The local token goes to the local registry and nowhere else.
  if (token === undefined) throw new Error('set TOKEN too: URL names a registry of its own')
  refusePlain(url)
  return new Registry(url, token)
}

/** A deployment refuses it, but by then everybody on the way has read the token. */
function refusePlain(url: string): void {
  const { protocol, hostname } = new URL(url)
  const own = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  if (protocol === 'https:' || own || process.env.PLAIN_HTTP === 'allow') return
  throw new Error(
    'URL is plain http, over which others could read the token: write https, or set PLAIN_HTTP=allow for a registry of npm start',
  )
}

async function readLocalToken(): Promise<string> {
  const text = await readFile(join(projectDirectory, '.dev.vars'), 'utf8').catch(() => '')
  const token = parseEnv(text).ADMIN_TOKEN
  if (token !== undefined) return token
  throw new Error('set URL and TOKEN, or run it where `npm start` made .dev.vars')
}
