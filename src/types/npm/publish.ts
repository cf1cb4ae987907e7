// PUT of a package: a version with its tarball in the body, or, without one, the document of the package with the
// texts by which versions are deprecated. Which of them it is shows only while the body is read.
import { authorOf } from '../../core/access/principal.ts'
import type { StagedBlob } from '../../core/blobs/staged-blob.ts'
import { timeOrderedId } from '../../core/ids.ts'
import { type NewFile, type NewTag, weightOf } from '../../core/packages/new-file.ts'
import { wordProperties } from '../../core/packages/words.ts'
import type { ByteSource } from '../../formats/bytes.ts'
import { FormatError } from '../../formats/format-error.ts'
import { isJsonObject, type JsonObject, memberOf, textOf } from '../../formats/text/json-value.ts'
import type { Readme } from '../../formats/text/readme.ts'
import { UPLOAD_LIMITS } from '../../http/body-limits.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { jsonContent } from '../../http/operation.ts'
import { refusePackage } from '../../http/package-refusal.ts'
import { PUBLISH_FAULTS, publishUpload, requireWritable } from '../../http/publication.ts'
import { openWrapped } from '../../http/upload-body.ts'
import { CREATED, DONE, done } from './dialect.ts'
import { readBody } from './format/body.ts'
import { checkSameManifest } from './format/confusion.ts'
import { checkClaims } from './format/digests.ts'
import { type PublishedManifest, parsePublication } from './format/manifest.ts'
import { describeVersion, formatMetadata, heaviestField, readmeIn } from './format/metadata.ts'
import { tarballName } from './format/name.ts'
import { keywordsOf, propertiesOf } from './format/properties.ts'
import { LATEST } from './format/tag.ts'
import { inspectTarball } from './format/tarball.ts'
import { parseVersion } from './format/version.ts'
import { DEPRECATED, deprecate } from './marks.ts'
import {
  foldVersion,
  orderOf,
  PACKAGE_PARAMETERS,
  packagePaths,
  parsePackage,
  TYPE,
  tarballPath,
} from './names.ts'

/** What clients of today and of old compare. */
export const DIGESTS = ['sha1', 'sha512'] as const

/**
 * Bytes of what is kept of a version, as D1 gets it, in JSON within JSON within JSON: four times the heaviest
 * manifest that was found, and a README of 64 kB.
 */
const METADATA_BYTES = 768 * 1024

export const publishEndpoint = ownedEndpoint({
  method: 'PUT',
  ...packagePaths(''),
  access: 'write',
  recheckedByCommit: true,
  summary: 'Publish a version, or deprecate some',
  operation: {
    id: 'publishNpmVersion',
    tag: TYPE,
    description:
      'The JSON that `npm publish` sends: one version with its tarball in `_attachments`, in base64. Without a tarball it is what `npm deprecate` sends.',
    path: PACKAGE_PARAMETERS,
    body: jsonContent({ type: 'object' }),
    answers: { ...DONE, ...CREATED },
    faults: [...PUBLISH_FAULTS, 'not-found'],
  },
  handler: put,
})

async function put(call: OwnedCall): Promise<Response> {
  const name = parsePackage(call.params)
  requireWritable(call, { type: TYPE, repository: null, packageName: name })
  const sent: { kept?: unknown } = {}
  const { body } = openWrapped(call.request, UPLOAD_LIMITS, (source) =>
    readBody(source, (kept) => {
      sent.kept = kept
    }),
  )
  const tarball = await begin(body)
  if (tarball === undefined && !hasAttachments(sent.kept)) {
    return deprecate(call, name, sent.kept).catch(refusePackage)
  }
  return publishTarball({ ...call, file: tarball ?? noBytes() }, name, () => sent.kept)
}

/** The bytes, of which the first are there; undefined where the source has none. */
async function begin(source: ByteSource): Promise<ByteSource | undefined> {
  const chunks = source[Symbol.asyncIterator]()
  for (;;) {
    const first = await chunks.next()
    if (first.done) return undefined
    if (first.value.length > 0) return after(first.value, chunks)
  }
}

async function* after(first: Uint8Array, rest: AsyncIterator<Uint8Array>): ByteSource {
  yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

async function* noBytes(): ByteSource {}

function hasAttachments(kept: unknown): boolean {
  const attachments = isJsonObject(kept) ? memberOf(kept, '_attachments') : undefined
  return isJsonObject(attachments) && Object.keys(attachments).length > 0
}

interface Found {
  readonly published: PublishedManifest
  readonly metadata: string
  readonly readme: Readme | undefined
}

function publishTarball(call: OwnedCall, name: string, kept: () => unknown): Promise<Response> {
  return publishUpload(call, {
    type: TYPE,
    into: { creation: 'new-version', namesStayTaken: true },
    packageName: name,
    digests: DIGESTS,
    inspect: (source) => inspect(source, name, kept),
    verify: ({ published }, content) => checkClaims(published.claims, content),
    describe: (found, blob) => describeFile(call, found, blob),
    wording: ({ display }) => ({
      what: `${name} ${display?.version}`,
      place: `${call.owner.name}/${TYPE}`,
      location: tarballPath(call.owner.name, name, display?.version ?? ''),
      advice: 'publish another version',
    }),
    respond: (_, { display }) =>
      done(201, { location: tarballPath(call.owner.name, name, display?.version ?? '') }),
  })
}

async function inspect(source: ByteSource, name: string, kept: () => unknown): Promise<Found> {
  const tarball = await inspectTarball(source)
  const published = parsePublication(kept(), name)
  const { manifest, length, body } = published
  if (length !== undefined && length !== tarball.size) {
    const message = `_attachments says that the tarball has ${length} bytes and it has ${tarball.size}: publish it again`
    throw new FormatError('invalid-field', message, { field: '_attachments' })
  }
  checkSameManifest(manifest, tarball.packageJson)
  const metadata = formatMetadata(describeVersion(manifest, tarball))
  checkWeight(metadata, manifest)
  return { published, metadata, readme: readmeIn(manifest, body, tarball) }
}

function checkWeight(metadata: string, manifest: JsonObject): void {
  const weight = weightOf(metadata)
  if (weight <= METADATA_BYTES) return
  const field = heaviestField(manifest)
  const message = `the manifest takes ${weight} bytes in the database, more than ${METADATA_BYTES}: shorten ${field} in package.json`
  throw new FormatError('too-large', message, { field })
}

function describeFile(
  call: OwnedCall,
  { published, metadata, readme }: Found,
  blob: StagedBlob,
): NewFile {
  const { name, version, tags, manifest, deprecated } = published
  const found = foldVersion(version)
  return {
    changeId: timeOrderedId(Date.now()),
    packageName: name,
    version: found,
    fileName: tarballName(name, found),
    display: { packageName: name, version, fileName: tarballName(name, version) },
    architecture: '',
    compositeKey: '',
    metadata,
    properties: {
      package: wordProperties(TYPE, [
        name,
        keywordsOf(manifest),
        textOf(manifest, 'description') ?? '',
      ]),
      file: propertiesOf(manifest),
    },
    ...(readme && { readme }),
    order: orderOf(parseVersion(version)),
    tags: tagsOf(tags),
    ...(deprecated && { marks: { [DEPRECATED]: deprecated } }),
    blob,
    createdBy: authorOf(call.principal),
  }
}

/** A package can be installed by its name alone from its first version on, and as long as it has one. */
function tagsOf(named: readonly string[]): readonly NewTag[] {
  const latest = { name: LATEST, fallsBack: true } as const
  const others = named.filter((name) => name !== LATEST).map((name) => ({ name }))
  return [...others, named.includes(LATEST) ? latest : { ...latest, onlyIfAbsent: true }]
}
