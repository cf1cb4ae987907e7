// Requests as the samples of package types make them, sent with somebody's credentials, and variations of
// them that no client means to send.
import { exports } from 'cloudflare:workers'
import { ADMIN, ORIGIN } from './registry.ts'

/** Without credentials. */
export function request(method: string, path: string, body?: Uint8Array): Request {
  return new Request(new URL(path, ORIGIN), { method, ...(body === undefined ? {} : { body }) })
}

/** Status, text and headers of the answer; the body is read. */
export async function answerTo(asked: Request, headers: HeadersInit = ADMIN) {
  // The request itself, since a copy of it could lose the length of its body.
  for (const [name, value] of new Headers(headers)) asked.headers.set(name, value)
  const response = await exports.default.fetch(asked)
  return {
    status: response.status,
    text: (await response.text()).trimEnd(),
    headers: response.headers,
  }
}

/** The same with another body, whose length may be unlike what it says. */
export function withBody({ url, method, headers }: Request, body: ReadableStream): Request {
  return new Request(url, { method, headers, body })
}

/** A body that never comes: who waits for it never answers. */
export const silence = () => new ReadableStream({ pull: () => new Promise<void>(() => {}) })

/** A body that stops after these bytes. */
export const stalling = (bytes: Uint8Array) =>
  new ReadableStream({
    start: (controller) => controller.enqueue(bytes),
    pull: () => new Promise<void>(() => {}),
  })

/** The same without the length of its body. */
export async function chunked(asked: Request): Promise<Request> {
  return withBody(asked, new Blob([await asked.bytes()]).stream())
}

export async function withQuery(asked: Request, query: string): Promise<Request> {
  const { url, method, headers } = asked
  return new Request(`${url}?${query}`, { method, headers, body: await asked.bytes() })
}
