// The data centre's cache. A key is a name that nobody else can make, and says exactly which bytes it has, so
// what is kept can be slow to come but never wrong. It is asked only after the access check, and filled
// beside the response.

export interface Edge {
  readonly waitUntil: (work: Promise<unknown>) => void
}

/** The platform's limit for a cached response. */
const MAX_CACHED_BYTES = 512 * 1024 * 1024

/**
 * On some hosts (workers.dev) the cache keeps nothing; then filling it would cost a read each time.
 * It is tried again after a while: one entry may also have been evicted at once.
 */
const PAUSE_MS = 10 * 60 * 1000
let pausedUntil = 0
const filling = new Set<string>()

/**
 * What is kept under the key, if it is what was asked for. A cache that fails has nothing.
 * @param key a URL of no host of the outside, so that only this Worker can ask for it
 * @param fits looks at status and headers
 */
export async function findKept(
  key: string,
  fits: (response: Response) => boolean,
  headers: Headers = new Headers(),
): Promise<Response | undefined> {
  if (Date.now() < pausedUntil) return undefined
  try {
    const response = await caches.default.match(new Request(key, { headers }))
    if (response === undefined) return undefined
    if (fits(response) && response.body !== null) return response
    await response.body?.cancel()
  } catch (error) {
    console.error('the cache does not answer:', String(error))
  }
  return undefined
}

/**
 * Keeps bytes under the key, after the response. It does not fail: what is not kept is made again.
 * @param size bytes
 * @param open gives the bytes, where they are wanted
 */
export function keep(
  edge: Edge,
  key: string,
  size: number,
  open: () => BodyInit | Promise<BodyInit>,
): void {
  if (Date.now() < pausedUntil || size > MAX_CACHED_BYTES || filling.has(key)) return
  edge.waitUntil(fill(key, size, open))
}

async function fill(
  key: string,
  size: number,
  open: () => BodyInit | Promise<BodyInit>,
): Promise<void> {
  filling.add(key)
  try {
    const headers = {
      'content-length': String(size),
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    }
    await caches.default.put(key, new Response(await open(), { headers }))
    const kept = await caches.default.match(key)
    await kept?.body?.cancel()
    if (kept === undefined) pausedUntil = Date.now() + PAUSE_MS
  } catch (error) {
    await drop(key)
    console.error('the cache was not filled:', String(error))
  } finally {
    filling.delete(key)
  }
}

/**
 * The local simulator keeps what came before a put broke off, under the length of the whole, and does so a moment
 * later: every download would break off at that place.
 */
async function drop(key: string): Promise<void> {
  for (let pause = 10; pause < 500; pause *= 2) {
    if (await caches.default.delete(key).catch(() => false)) return
    await scheduler.wait(pause)
  }
}
