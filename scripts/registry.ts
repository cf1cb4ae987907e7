// Lets the scripts talk to a running registry as its deployment admin. URL and TOKEN come from the
// environment. Without them it is the registry that `npm start` serves.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import { projectDirectory } from './wrangler.ts'

const localUrl = 'http://127.0.0.1:8787'

/** An answer that was no success, with a message of one line. */
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
  /** The body, which is sent as JSON. */
  readonly body?: unknown
  /** How often to try again after an outage, with growing pauses; 0 by default. */
  readonly tries?: number
}

export class Registry {
  readonly url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.url = url.replace(/\/+$/, '')
    this.#token = token
  }

  /** Asks and returns the JSON of a successful answer. Throws Refusal, with the status 0 if nobody answers. */
  async ask<T>(path: string, { method = 'GET', body, tries = 0 }: AskOptions = {}): Promise<T> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
    // The caller knows the endpoint's shape, which a test compares with the endpoint's description.
    return this.attempt(async () => {
      const response = await this.#send(path, init)
      return (response.status === 204 ? undefined : await response.json()) as T
    }, tries)
  }

  /** Sends a request and returns the successful answer, with its body unread. */
  send(path: string, init: RequestInit = {}): Promise<Response> {
    return this.#send(path, init)
  }

  /** Runs the function again after an outage: no answer, 429, or a 5xx. */
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
      // The message of a failed fetch says only that it failed. Its cause has the reason.
      const { message, cause } = error as Error
      const reason = cause instanceof Error ? cause.message : message
      throw new Refusal(0, undefined, `${this.url} does not answer: ${reason}`)
    }
    if (response.ok) return response
    throw refusalOf(response.status, await response.text())
  }
}

/** Codes of a 503 that waiting does not help: the deployment is incomplete, or takes no writes. */
const lasting = ['not-configured', 'bucket-mismatch', 'restoring']

function isOutage(error: unknown): boolean {
  if (!(error instanceof Refusal)) return error instanceof TypeError
  if (error.code !== undefined && lasting.includes(error.code)) return false
  return error.status === 0 || error.status === 429 || error.status >= 500
}

/** The line of a problem. A proxy in between may answer with another text. */
function refusalOf(status: number, text: string): Refusal {
  try {
    const { code, detail }: { code?: string; detail?: string } = JSON.parse(text)
    return new Refusal(status, code, detail ?? text)
  } catch {
    return new Refusal(status, undefined, text.trim().slice(0, 500))
  }
}

/** Opens the registry that the environment names. @throws Error without a token, and for a URL of plain http */
export async function openRegistry(): Promise<Registry> {
  const { URL: url, TOKEN: token } = process.env
  if (url === undefined) return new Registry(localUrl, token ?? (await readLocalToken()))
  // The local token must not go to any other registry.
  if (token === undefined) throw new Error('set TOKEN too: URL names a registry of its own')
  refusePlain(url)
  return new Registry(url, token)
}

/** Refuses plain http. A deployment refuses it too, but by then the token has crossed the network in the clear. */
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
