// Requests to a repository of a running server.
import type { Send } from './workload.ts'

/** Rejects when the connection breaks, or no answer comes within a minute. */
export function sendTo(repository: string, token: string): Send {
  return async (method, path, body) => {
    const response = await fetch(`${repository}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body }),
    })
    return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
  }
}
