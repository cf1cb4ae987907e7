// /api/v1/deployment/bucket: whether database and bucket belong together, and that they do.
import { adoptBucket, type BucketFit } from '../core/deployment/adopt.ts'
import { readDeployment } from '../core/deployment/marker.ts'
import { invalidRequest } from '../core/errors.ts'
import type { Call, Endpoint } from '../http/endpoint.ts'
import { COUNT, jsonContent, nullable, objectSchema, TEXT, withExample } from '../http/operation.ts'
import { readJsonObject } from '../http/request-body.ts'
import { json, onlyFields } from './json.ts'

export const DEPLOYMENT = '/api/v1/deployment'
const BUCKET = `${DEPLOYMENT}/bucket`

const STATE_SCHEMA = objectSchema('BucketState', {
  state: { type: 'string', enum: ['matched', 'restoring', 'mismatched'] },
  marker: {
    ...nullable(TEXT),
    description: 'The id that both carry; null where they do not. A new one after a restore.',
  },
  cause: {
    ...nullable(TEXT),
    description: 'Why nothing is stored or swept; null where all is well.',
  },
})

const FIT_SCHEMA = objectSchema('AdoptedBucket', {
  sampled: { ...COUNT, description: 'Contents that were looked for in the bucket.' },
  missing: { ...COUNT, description: 'How many of these contents the bucket does not have.' },
  foreign: { type: 'boolean', description: 'It has objects, and the database names none.' },
})

const ADOPTION_SCHEMA = withExample(
  objectSchema('BucketAdoption', { force: { type: 'boolean' } }, []),
  {},
)

export const bucketEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: BUCKET,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'Whether database and bucket belong together',
    operation: {
      id: 'getBucket',
      tag: 'deployment',
      answers: { 200: { description: 'How they are', content: jsonContent(STATE_SCHEMA) } },
    },
    handler: async ({ env }) => {
      const found = await readDeployment(env.DB, env.BLOBS)
      const marker = 'marker' in found ? found.marker : null
      return json({ state: found.state, marker, cause: 'cause' in found ? found.cause : null })
    },
  },
  {
    method: 'PUT',
    path: BUCKET,
    access: 'deployment-admin',
    summary: 'Declare that the bucket is the one of the database',
    operation: {
      id: 'adoptBucket',
      tag: 'deployment',
      description:
        'Both get a new marker. With `force` also where objects are missing, or where the database names none, so that the sweep deletes those of the bucket.',
      body: jsonContent(ADOPTION_SCHEMA),
      answers: { 200: { description: 'Adopted', content: jsonContent(FIT_SCHEMA) } },
      faults: ['invalid-request', 'deployment-conflict', 'body-too-large', 'body-timeout'],
    },
    handler: adopt,
  },
]

async function adopt(call: Call): Promise<Response> {
  const body = await readJsonObject(call)
  onlyFields(body, ['force'])
  const { force = false } = body
  if (typeof force !== 'boolean') throw invalidRequest('force must be true or false')
  const { sampled, missing, foreign }: BucketFit = await adoptBucket(
    call.env.DB,
    call.env.BLOBS,
    force,
  )
  return json({ sampled, missing, foreign })
}
