// What the platform costs without a registry: a put of so many bytes, made here, so that no upload
// is counted; a download after one point query of D1, with ETag, HEAD and 304 like Cairn's; the same bytes from the
// data centre's cache alone; and the least that a publish and a document can be: a query, a put of the body and a batch
// of three rows; a query and a batch of two.

interface Env {
  readonly DB: D1Database
  readonly BLOBS: R2Bucket
}

const TABLE =
  'CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, r2_key TEXT, size INTEGER, etag TEXT)'

/** Below it, what is stored is answered from the cache. */
const CACHED = '/cached'

export default {
  async fetch(request: Request, { DB, BLOBS }: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/put') {
      await put(BLOBS, Number(searchParams.get('bytes')))
      return new Response(null, { status: 201 })
    }
    if (pathname.startsWith('/publish/')) return publish(request, pathname, DB, BLOBS)
    if (pathname.startsWith('/document/')) return document(pathname, DB)
    if (request.method === 'PUT') {
      const bytes = await request.arrayBuffer()
      await BLOBS.put(pathname, bytes)
      await DB.prepare(TABLE).run()
      await DB.prepare('INSERT OR REPLACE INTO file VALUES (?1, ?1, ?2, ?3)')
        .bind(pathname, bytes.byteLength, `"${bytes.byteLength}"`)
        .run()
      return new Response(null, { status: 201 })
    }
    return pathname.startsWith(CACHED)
      ? answerCached(request.url, pathname.slice(CACHED.length), BLOBS)
      : download(request, pathname, DB, BLOBS)
  },
} satisfies ExportedHandler<Env>

const FOUND = 'SELECT r2_key, size, etag FROM file WHERE name = ?1'

async function publish(
  request: Request,
  name: string,
  db: D1Database,
  bucket: R2Bucket,
): Promise<Response> {
  await db.prepare(FOUND).bind(name).first()
  const bytes = await request.arrayBuffer()
  const key = crypto.randomUUID()
  await bucket.put(key, bytes)
  const insert = db.prepare('INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4)')
  await db.batch(
    ['', '-2', '-3'].map((end) => insert.bind(name + end, key, bytes.byteLength, `"${key}"`)),
  )
  return new Response(null, { status: 201 })
}

async function document(name: string, db: D1Database): Promise<Response> {
  const found = db.prepare(FOUND).bind(name.replace('/document/', '/publish/'))
  await found.first()
  return Response.json(await db.batch([found, found]))
}

async function download(
  request: Request,
  name: string,
  db: D1Database,
  bucket: R2Bucket,
): Promise<Response> {
  const row = await db
    .prepare('SELECT r2_key, size, etag FROM file WHERE name = ?1')
    .bind(name)
    .first<{ r2_key: string; size: number; etag: string }>()
  if (row === null) return new Response(null, { status: 404 })
  const headers = { etag: row.etag, 'content-length': String(row.size) }
  if (request.headers.get('if-none-match') === row.etag) {
    return new Response(null, { status: 304, headers: { etag: row.etag } })
  }
  if (request.method === 'HEAD') return new Response(null, { headers })
  const object = await bucket.get(row.r2_key)
  return new Response(object?.body ?? null, { headers })
}

async function answerCached(url: string, key: string, bucket: R2Bucket): Promise<Response> {
  const found = await caches.default.match(url)
  if (found !== undefined) return found
  const object = await bucket.get(key)
  if (object === null) return new Response(null, { status: 404 })
  const headers = {
    'content-length': String(object.size),
    'cache-control': 'public, max-age=31536000, immutable',
  }
  const response = new Response(object.body, { headers })
  await caches.default.put(url, response.clone())
  return response
}

/** Random, since what is stored is compressed; in chunks of 16 KiB. */
async function put(bucket: R2Bucket, bytes: number): Promise<void> {
  const { readable, writable } = new FixedLengthStream(bytes)
  const stored = bucket.put(crypto.randomUUID(), readable)
  const chunk = crypto.getRandomValues(new Uint8Array(16 * 1024))
  const writer = writable.getWriter()
  for (let left = bytes; left > 0; left -= chunk.length) {
    await writer.write(left < chunk.length ? chunk.slice(0, left) : chunk)
  }
  await writer.close()
  await stored
}
