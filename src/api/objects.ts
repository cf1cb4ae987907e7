// /api/v1/deployment/objects: the bytes behind the rows of a backup, by the keys that the rows name.
import { checkObjects, readObject, writeObject } from '../core/backup/objects.ts'
import { requireRestore } from '../core/backup/restore.ts'
import type { ExpectedObject } from '../core/blobs/check.ts'
import { blobKeyOf, isObjectKey } from '../core/blobs/keys.ts'
import { invalidRequest, RegistryError } from '../core/errors.ts'
import { quote } from '../formats/format-error.ts'
import { UPLOAD_LIMITS } from '../http/body-limits.ts'
import type { Call, Endpoint, Params } from '../http/endpoint.ts'
import {
  BYTES,
  COUNT,
  digestSchema,
  jsonContent,
  listSchema,
  NO_CONTENT,
  objectSchema,
  TEXT,
  withExample,
} from '../http/operation.ts'
import { declaredLength, readJsonObject } from '../http/request-body.ts'
import { DEPLOYMENT } from './bucket.ts'
import { json, onlyFields } from './json.ts'

const OBJECTS = `${DEPLOYMENT}/objects`
const OBJECT = `${OBJECTS}/:part/:hour/:object`

const OBJECT_BYTES = { contentType: 'application/octet-stream', schema: BYTES } as const
const KEY = {
  part: withExample(TEXT, 'blobs'),
  hour: withExample(TEXT, '2026112723'),
  object: withExample(TEXT, '01993c4e-5a00-7000-8000-000000000000'),
} as const

/** A page of objects to check has a few hundred bytes for each. */
const CHECK_LIMITS = { bodyBytes: 1024 * 1024, stallMs: 60_000, totalMs: 60_000 }

const EXPECTED_SCHEMA = objectSchema('ExpectedObject', {
  key: TEXT,
  sha256: digestSchema(64),
  size: COUNT,
})
const CHECKED_SCHEMA = objectSchema('CheckedObjects', {
  checked: { ...COUNT, description: 'How many of them, from the first on.' },
  problems: listSchema(objectSchema('ObjectProblem', { key: TEXT, problem: TEXT })),
})

export const objectEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: OBJECT,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'An object of the bucket, for a backup',
    operation: {
      id: 'getObject',
      tag: 'deployment',
      description:
        'Under `blobs` the bytes of packages, under `indexes` index files, under `contents` lists of what packages hold.',
      path: KEY,
      answers: { 200: { description: 'Its bytes', content: OBJECT_BYTES } },
      faults: ['not-found'],
    },
    handler: read,
  },
  {
    method: 'PUT',
    path: OBJECT,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'Store an object of a backup that is being restored',
    operation: {
      id: 'putObject',
      tag: 'deployment',
      path: KEY,
      query: {
        backup: { description: 'The id of the backup.', schema: TEXT },
        sha256: {
          description:
            'Of the bytes; the store compares it. Lists of what packages hold have none.',
          schema: digestSchema(64),
        },
      },
      body: OBJECT_BYTES,
      answers: { 204: NO_CONTENT },
      faults: ['invalid-request', 'deployment-conflict', 'body-too-large'],
    },
    handler: write,
  },
  {
    method: 'POST',
    path: `${OBJECTS}/check`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'Which of these objects are missing, or have other bytes',
    operation: {
      id: 'checkObjects',
      tag: 'deployment',
      body: jsonContent(
        withExample(objectSchema('ExpectedObjects', { objects: listSchema(EXPECTED_SCHEMA) }), {
          objects: [],
        }),
      ),
      answers: { 200: { description: 'What was found', content: jsonContent(CHECKED_SCHEMA) } },
      faults: ['invalid-request', 'body-too-large', 'body-timeout'],
    },
    handler: check,
  },
]

async function read({ env, params }: Call): Promise<Response> {
  const key = keyOf(params)
  const object = await readObject(env.BLOBS, key)
  if (object === undefined) {
    throw new RegistryError({ code: 'not-found', detail: `no such object: ${quote(key)}` })
  }
  const length: Record<string, string> =
    object.size === undefined ? {} : { 'content-length': String(object.size) }
  const headers = {
    'content-type': 'application/octet-stream',
    'cache-control': 'no-store',
    ...length,
  }
  return new Response(object.body, { headers })
}

async function write({ env, params, request, url }: Call): Promise<Response> {
  const key = keyOf(params)
  if (!isObjectKey(key)) throw invalidRequest(`no object can have the key ${quote(key)}`)
  const sha256 = url.searchParams.get('sha256') ?? undefined
  if (blobKeyOf(key) === undefined && !isSha256(sha256)) {
    throw invalidRequest('sha256 must be the SHA-256 of the bytes, in lower-case hex')
  }
  const length = declaredLength(request, UPLOAD_LIMITS.bodyBytes)
  if (length === undefined) throw invalidRequest('the body must declare its Content-Length')
  await requireRestore(env.DB, url.searchParams.get('backup') ?? '')
  await writeObject(env.BLOBS, key, request.body ?? new ArrayBuffer(0), sha256)
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}

async function check(call: Call): Promise<Response> {
  const body = await readJsonObject(call, CHECK_LIMITS)
  onlyFields(body, ['objects'])
  const { objects } = body
  if (!Array.isArray(objects)) throw invalidRequest('objects must be a list')
  return json(await checkObjects(call.env.BLOBS, objects.map(expectedOf)))
}

function expectedOf(value: unknown): ExpectedObject {
  if (typeof value === 'object' && value !== null) {
    onlyFields({ ...value }, ['key', 'sha256', 'size'])
    const { key, sha256, size } = value as Readonly<Record<string, unknown>>
    const known = typeof key === 'string' && isObjectKey(key)
    const counted = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0
    if (known && counted && isSha256(sha256)) return { r2Key: key, sha256, size }
  }
  throw invalidRequest('each of the objects must have a key, a sha256 and a size')
}

function isSha256(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function keyOf({ part, hour, object }: Params): string {
  return [part, hour, object].join('/')
}
