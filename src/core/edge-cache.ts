// The data centre's cache. A name says exactly which bytes it means, so what is kept can be slow to come but never
// wrong. It is asked only after the access check, and filled beside the response. A key is on the Worker's own host,
// since the platform advises against others, and carries an HMAC of the name: whoever knows a digest of private
// bytes cannot name what has them, here or in another Worker of the zone.
// What is small of it the isolate has, too.
import { createHmac } from 'node:crypto'
import { KeptMemory, SMALL_BYTES } from './kept-memory.ts'

export interface Edge {
  /** Scheme, host and port of the request. */
  readonly origin: string
  /** Of the deployment, and of no other use. */
  readonly secret: string
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
/** For so long it is taken to keep what it gets, since it kept what it got. */
let provenUntil = 0

/**
 * The platform ends a filling that outlives its response by 30 s, and tells nobody. After so long another may begin,
 * in milliseconds.
 */
const FILLING_MS = 2 * 60 * 1000
/** When each filling that is not known to have ended began, the oldest first. */
const filling = new Map<string, number>()

/** What is kept: a kind, and a digest of all that makes the bytes; of facts what they are about. */
export type KeptName = `${'blob' | 'document' | 'list' | 'near'} ${string}`

/** The URL under which the cache has the bytes. No path of the router begins so, since no owner's name can. */
export function keyOf({ origin, secret }: Omit<Edge, 'waitUntil'>, name: KeptName): string {
  return `${origin}/.kept/${createHmac('sha256', secret).update(name).digest('hex')}`
}

const memory = new KeptMemory()

/** For tests of the cache behind it. */
export function forgetKept(): void {
  memory.forget()
}

/** In bytes. */
export interface KeptRange {
  readonly offset: number
  readonly length: number
}

export interface Kept {
  /** Nobody may change bytes that come as such. */
  readonly body: Uint8Array | ReadableStream<Uint8Array>
  /** Bytes of the body. */
  readonly size: number
}

export interface KeptQuestion {
  /** Bytes of the whole, where they are known. */
  readonly size?: number
  /** Of which bytes are asked for; absent: all. */
  readonly range?: KeptRange | undefined
  /** Whether the name is so new that the cache would hardly know it: only the isolate is asked. */
  readonly isNew?: boolean
}

/** What is kept under the name, if it is what was asked for. A cache that fails has nothing. */
export async function findKept(
  edge: Edge,
  name: KeptName,
  { size, range, isNew = false }: KeptQuestion = {},
): Promise<Kept | undefined> {
  const key = keyOf(edge, name)
  const remembered = memory.find(key)
  if (remembered !== undefined && (size === undefined || remembered.length === size)) {
    const body = range ? remembered.subarray(range.offset, range.offset + range.length) : remembered
    return { body, size: body.length }
  }
  if (isNew || Date.now() < pausedUntil) return undefined
  try {
    const response = await caches.default.match(new Request(key, { headers: rangeHeaders(range) }))
    if (response === undefined) return undefined
    const length = Number(response.headers.get('content-length') ?? 'NaN')
    const fits =
      response.status === (range === undefined ? 200 : 206) &&
      (size === undefined ? length >= 0 : length === (range?.length ?? size))
    if (fits && response.body !== null) return await openKept(key, response, length, range)
    await response.body?.cancel()
  } catch (error) {
    console.error('the cache does not answer:', String(error))
  }
  return undefined
}

function rangeHeaders(range: KeptRange | undefined): HeadersInit {
  return range === undefined
    ? {}
    : { range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
}

async function openKept(
  key: string,
  response: Response,
  size: number,
  range: KeptRange | undefined,
): Promise<Kept | undefined> {
  if (range !== undefined || size > SMALL_BYTES) {
    return response.body === null ? undefined : { body: response.body, size }
  }
  const body = new Uint8Array(await response.arrayBuffer())
  if (body.length !== size) return undefined
  memory.note(key, body)
  return { body, size }
}

/** Keeps bytes that are there, at once in the isolate, and after the response in the cache. */
export function keepBytes(edge: Edge, name: KeptName, bytes: Uint8Array): void {
  memory.note(keyOf(edge, name), bytes)
  keep(edge, name, bytes.length, () => bytes)
}

/**
 * Keeps bytes under the name, after the response. It does not fail: what is not kept is made again.
 * @param size bytes
 * @param open gives the bytes, where they are wanted
 */
export function keep(
  edge: Edge,
  name: KeptName,
  size: number,
  open: () => BodyInit | Promise<BodyInit>,
): void {
  if (Date.now() < pausedUntil || size > MAX_CACHED_BYTES) return
  const key = keyOf(edge, name)
  forgetCutOff(Date.now())
  if (!filling.has(key)) edge.waitUntil(fill(key, size, open))
}

function forgetCutOff(now: number): void {
  for (const [key, begun] of filling) {
    if (now - begun < FILLING_MS) return
    filling.delete(key)
  }
}

async function fill(
  key: string,
  size: number,
  open: () => BodyInit | Promise<BodyInit>,
): Promise<void> {
  filling.set(key, Date.now())
  try {
    const headers = {
      'content-length': String(size),
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    }
    // The answer goes first: with both at once it would wait for a part of this.
    await scheduler.wait(1)
    await caches.default.put(key, new Response(await open(), { headers }))
    if (Date.now() >= provenUntil) await prove(key)
  } catch (error) {
    await drop(key)
    console.error('the cache was not filled:', String(error))
  } finally {
    filling.delete(key)
  }
}

async function prove(key: string): Promise<void> {
  const kept = await caches.default.match(key)
  await kept?.body?.cancel()
  const until = Date.now() + PAUSE_MS
  if (kept === undefined) pausedUntil = until
  else provenUntil = until
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
