// What the tests over all types have to know of npm: a publish as npm sends it, and everything that clients read.
import { Buffer } from 'node:buffer'
import { send } from '../../support/worker/registry.ts'
import { request } from '../../support/worker/requests.ts'
import type { SampleFile, TypeSample } from '../type-sample.ts'
import { type BodySpec, buildPublish, buildTarball, digest, integrityOf } from './builder.ts'

export const NPM = '/api/packages/acme/npm'
const SHORT = { accept: 'application/vnd.npm.install-v1+json' }

function fileOf(spec: BodySpec, content: string | Uint8Array = 'hello'): SampleFile {
  const { name = 'hello-world', version = '1.0.0' } = spec
  const bytes = buildTarball({ ...spec, files: { 'index.js': content } })
  return { bytes, path: `${NPM}/${name}/-/${name.split('/').at(-1)}-${version}.tgz` }
}

/** Bytes that gzip cannot shorten, the same each time. */
function noise(length: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at * 64 < length; at += 1) parts.push(digest('sha512', Buffer.from(`${at}`)))
  return new Uint8Array(Buffer.concat(parts))
}

function namesOf({ path }: SampleFile) {
  const [name = '', file = ''] = path.slice(NPM.length + 1).split('/-/')
  const base = name.split('/').at(-1) ?? ''
  return { name, version: file.slice(base.length + 1, -'.tgz'.length) }
}

const spec = (file: SampleFile): BodySpec => ({ ...namesOf(file), tarball: file.bytes })

/** Fails where full, short and single document do not agree on a version. */
async function findInDocuments({ bytes, path }: SampleFile, served: Uint8Array): Promise<boolean> {
  const { name, version } = namesOf({ bytes, path })
  const [full, short, alone] = await Promise.all([
    send(`${NPM}/${name}`),
    send(`${NPM}/${name.replace('/', '%2f')}`, { headers: SHORT }),
    send(`${NPM}/${name}/${version}`),
  ])
  const texts = await Promise.all([full.json(), short.json(), alone.json()])
  const found = texts.map((document, at) => {
    const text = document as { versions?: Record<string, unknown>; dist?: unknown }
    const manifest = at === 2 ? text : text.versions?.[version]
    return (manifest as { dist?: { integrity: string; tarball: string } } | undefined)?.dist
  })
  const there = found.map((dist) => dist !== undefined)
  if (new Set(there).size > 1) throw new Error(`documents of ${name} disagree: ${there}`)
  for (const dist of found) {
    if (dist === undefined) continue
    if (dist.integrity !== integrityOf(served) || new URL(dist.tarball).pathname !== path) {
      throw new Error(`a document of ${name} has ${JSON.stringify(dist)}`)
    }
  }
  return there[0] ?? false
}

const ATTACHMENT = { a: { data: Buffer.from(buildTarball()).toString('base64'), length: 3 } }

const EXISTS =
  /^409 the version of hello-world 1\.0\.0 exists in acme\/npm: publish another version$/

const refusal = (title: string, sent: BodySpec, says: RegExp) => ({
  title,
  request: () => request('PUT', `${NPM}/hello-world`, buildPublish(sent)),
  says,
})
const tag = (method: string, name: string, body?: string) => () =>
  request(
    method,
    `${NPM}/-/package/hello-world/dist-tags/${name}`,
    body === undefined ? undefined : new TextEncoder().encode(body),
  )

export const npm: TypeSample = {
  parameters: {
    ...{ package: 'hello-world', version: '1.0.0', file: 'hello-world-1.0.0.tgz', rev: 'r' },
    ...{ tag: 'latest', user: 'org.couchdb.user:me', scope: '@acme' },
    ...{ token: 'cairn_any', again: 'acme' },
  },
  aboutCaller: ['/api/packages/:owner/npm/-/whoami'],
  first: fileOf({}),
  second: fileOf({ version: '1.0.1' }),
  large: fileOf({}, noise(6 * 1024 * 1024)),
  conflicting: fileOf({}, 'hullo'),
  named: (name) => fileOf({ name }, name),
  publish: (file) => {
    const { name } = namesOf(file)
    return request('PUT', `${NPM}/${name.replace('/', '%2f')}`, buildPublish(spec(file)))
  },
  remove: ({ path }) => request('DELETE', `${path}/-rev/any`),
  knownBeforeBody: 'nothing',
  statuses: { published: 201, repeated: 201, removed: 200, taken: 409 },
  shows: (body) => JSON.parse(body).error,
  says: { same: EXISTS, clash: EXISTS, forbidden: /^403 the access token may not write / },
  async isPublished(file) {
    const response = await send(file.path)
    const served = new Uint8Array(await response.arrayBuffer())
    const found = response.status === 200
    if ((await findInDocuments(file, served)) !== found)
      throw new Error(`${file.path} is in one place alone`)
    return found
  },
  async expectSound() {},
  refusals: [
    refusal(
      'another name',
      { name: 'other' },
      /^400 the path is that of "hello-world" and name is "other"/,
    ),
    refusal(
      'a loose version',
      { version: '1.0' },
      /^400 the version "1\.0" is not valid: use three numbers/,
    ),
    refusal(
      'a tag that reads as a range',
      { tags: { v1: '1.0.0' } },
      /^400 the tag "v1" reads as a version/,
    ),
    refusal(
      'a wrong digest',
      { dist: { shasum: '0'.repeat(40) } },
      /^400 dist\.shasum says sha1 0{40} and the/,
    ),
    refusal(
      'no tarball',
      { tarball: new Uint8Array([1, 2]) },
      /^400 the tarball does not begin with a gzip/,
    ),
    refusal(
      'an empty one',
      { tarball: new Uint8Array() },
      /^400 the tarball does not begin with a gzip/,
    ),
    refusal(
      'no package.json',
      { packageJson: null },
      /^400 the tarball has no package\.json in its folder: pack it with npm pack$/,
    ),
    refusal(
      'a manifest that says something else',
      { manifest: { dependencies: { evil: '1' } } },
      /^400 dependencies \/ "evil" is "1" in the manifest and nothing in the tarball/,
    ),
    refusal(
      'a length that is wrong',
      { body: { _attachments: ATTACHMENT } },
      /^400 _attachments says that the/,
    ),
    refusal(
      'a heavy manifest',
      { members: { keywords: Array(120_000).fill('word') } },
      /^400 the manifest takes \d+ bytes in the database, more than \d+: shorten keywords in package\.json$/,
    ),
    {
      title: 'what is no JSON',
      request: () => request('PUT', `${NPM}/hello-world`, new TextEncoder().encode('{"name":')),
      says: /^400 the body ends inside its JSON: send it whole$/,
    },
    {
      title: 'a name that is none',
      request: () => request('PUT', `${NPM}/Hello`, buildPublish({ name: 'Hello' })),
      says: /^400 the package name "Hello" is not valid: use up to 214 of a-z/,
    },
    {
      title: 'the tag of what is not there',
      request: tag('PUT', 'next', '"1.0.0"'),
      says: /^404 no such package: "hello-world"$/,
    },
    {
      title: 'a tag of no version',
      request: tag('PUT', 'next', '{}'),
      says: /^400 the body is an object and no version: send one in JSON/,
    },
    {
      title: 'a tag that is a range',
      request: tag('PUT', '1.x', '"1.0.0"'),
      says: /^400 the tag "1\.x" reads as a version or a range/,
    },
    {
      title: 'removing latest',
      request: tag('DELETE', 'latest'),
      says: /^400 the tag latest cannot be removed: without it nobody could install hello-world/,
    },
  ],
}
