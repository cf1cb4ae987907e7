// What `cargo publish` calls. The body is the JSON of the crate and the crate behind it; both have to say
// the same, and the index is made of what is in the crate.
import { authorOf } from '../../core/access/principal.ts'
import type { PublishedNames } from '../../core/blobs/lists.ts'
import type { StagedBlob } from '../../core/blobs/staged-blob.ts'
import { timeOrderedId } from '../../core/ids.ts'
import {
  type NewFile,
  type Properties,
  type Property,
  weightOf,
} from '../../core/packages/new-file.ts'
import { wordProperties } from '../../core/packages/words.ts'
import type { ByteSource } from '../../formats/bytes.ts'
import { ContentListWriter } from '../../formats/content-list.ts'
import { FormatError } from '../../formats/format-error.ts'
import { withoutBuild } from '../../formats/semver.ts'
import type { Readme } from '../../formats/text/readme.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { BYTES, jsonContent, listSchema, objectSchema, TEXT } from '../../http/operation.ts'
import { refusePackage } from '../../http/package-refusal.ts'
import { PUBLISH_FAULTS, publishUpload, requireWritable } from '../../http/publication.ts'
import { refuseFull } from '../../http/quota.ts'
import { agree } from './format/agreement.ts'
import { crateLimits, inspectCrate } from './format/crate-archive.ts'
import { type PublishMetadata, parseMetadata } from './format/metadata.ts'
import { foldCrateName } from './format/name.ts'
import { readPublishBody } from './format/publish-body.ts'
import { type CheckedCrate, formatStored } from './format/stored-crate.ts'
import { CRATES, crateFileName, cratePath, LINKS, orderOf, rootOf, TYPE } from './names.ts'

/**
 * Bytes of what is kept of a version as D1 gets it, in JSON within JSON: some four times that of the crate
 * with the most features of the public registry (web-sys, with 1,600 of them).
 */
const METADATA_BYTES = 512 * 1024

const WARNINGS = objectSchema('CargoWarnings', {
  invalid_categories: listSchema(TEXT),
  invalid_badges: listSchema(TEXT),
  other: listSchema(TEXT),
})

export const publishEndpoint = ownedEndpoint({
  method: 'PUT',
  path: `${CRATES}/new`,
  access: 'write',
  recheckedByCommit: true,
  summary: 'Publish a version of a crate',
  operation: {
    id: 'publishCargoCrate',
    tag: TYPE,
    description:
      'The body is what `cargo publish` sends: the length of a JSON in 32 bits, little-endian, the JSON, ' +
      'the length of the crate, the crate.',
    body: { contentType: 'application/octet-stream', schema: BYTES },
    answers: {
      200: {
        description: 'Published, and in the index',
        content: jsonContent(
          objectSchema('CargoPublished', { ok: { const: true }, warnings: WARNINGS }),
        ),
        headers: { Location: { description: 'The path of the crate.', schema: TEXT } },
      },
    },
    faults: PUBLISH_FAULTS,
  },
  handler: publish,
})

async function publish(call: OwnedCall): Promise<Response> {
  let metadata: PublishMetadata | undefined
  const takeMetadata = (json: Uint8Array) => {
    metadata = tellFault(() => parseMetadata(json))
    const packageName = foldCrateName(metadata.name)
    requireWritable(call, { type: TYPE, repository: null, packageName })
  }
  const claimed = () => {
    if (metadata === undefined) throw new Error('a crate came before its metadata')
    return metadata
  }
  return publishUpload(call, {
    type: TYPE,
    digests: [],
    // Lock files have the digest of a version: nobody could use it with other bytes.
    into: { creation: 'new-version', oneSpelling: true, namesStayTaken: true },
    body: (source) =>
      readPublishBody(source, takeMetadata, (length) => refuseFull(call, { file_bytes: length })),
    inspect: (source) => inspect(source, claimed, call),
    contentsOf: ({ contents }) => contents,
    describe: ({ crate }, blob) => describeFile(call, crate, claimed().readme, blob),
    wording: ({ display }) => ({
      what: `${display?.packageName} ${display?.version}`,
      place: `${call.owner.name}/${TYPE}`,
      location: cratePath(call.owner.name, display?.packageName ?? '', display?.version ?? ''),
      advice: 'raise the version and publish again',
    }),
    respond: (_, { display }) => published(call, display?.packageName, display?.version),
  })
}

interface Inspected {
  readonly crate: CheckedCrate
  /** The list of the files in it. */
  readonly contents: Uint8Array
}

/** Of a crate that was published: the list of the files in it. @throws FormatError */
export async function listContents(
  source: ByteSource,
  { packageName: name, version }: PublishedNames,
): Promise<Uint8Array> {
  const list = new ContentListWriter()
  await inspectCrate(
    source,
    () => ({ name, version }),
    crateLimits,
    (entry) => list.add(entry),
  )
  return list.finish()
}

async function inspect(
  source: ByteSource,
  claimed: () => PublishMetadata,
  { owner }: OwnedCall,
): Promise<Inspected> {
  const list = new ContentListWriter()
  const manifest = await inspectCrate(source, claimed, crateLimits, (entry) => list.add(entry))
  const crate = {
    ...manifest,
    dependencies: agree(claimed(), manifest, `${rootOf('', owner.name)}/`),
  }
  checkWeight(crate)
  return { crate, contents: list.finish() }
}

/** Within the body, of which anything else that a format refuses is wrong with the request. */
function tellFault<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    return refusePackage(error)
  }
}

function checkWeight(crate: CheckedCrate): void {
  const weight = weightOf(formatStored(crate, '0'.repeat(64), 0))
  if (weight <= METADATA_BYTES) return
  const what = `what the index and the pages say of the crate would take ${weight} bytes`
  const remedy = 'shorten features, dependencies and description in Cargo.toml'
  throw new FormatError('too-large', `${what}, more than ${METADATA_BYTES}: ${remedy}`)
}

function describeFile(
  call: OwnedCall,
  crate: CheckedCrate,
  readme: Readme | undefined,
  blob: StagedBlob,
): NewFile {
  const { name, version } = crate
  const now = Date.now()
  const found = { packageName: foldCrateName(name), version: withoutBuild(version) }
  return {
    changeId: timeOrderedId(now),
    ...found,
    fileName: crateFileName(found.packageName, found.version),
    display: { packageName: name, version, fileName: crateFileName(name, version) },
    ...{ architecture: '', compositeKey: '', properties: propertiesOf(crate) },
    ...(readme && { readme }),
    metadata: formatStored(crate, blob.sha256, now),
    order: orderOf(version),
    blob,
    createdBy: authorOf(call.principal),
  }
}

function propertiesOf(crate: CheckedCrate): Properties {
  const { description = '', keywords } = crate.about
  const words = wordProperties(TYPE, [crate.name, ...keywords, description])
  return { package: words, file: dependsOf(crate) }
}

/** Each is three rows written on D1. Few crates have more; of what comes after them pages show the text alone. */
const MAX_DEPENDS = 100

/** What the crate needs of this registry, wherever it is used. */
function dependsOf({ dependencies }: CheckedCrate): readonly Property[] {
  const near = dependencies.filter(({ kind, registry }) => kind !== 'dev' && registry === null)
  const names = new Set(near.map(({ name, package: real }) => foldCrateName(real ?? name)))
  return [...names].slice(0, MAX_DEPENDS).map((value) => ({ name: LINKS.requires, value }))
}

/** Cargo shows the warnings; there is nothing here that it would have to be told. */
function published(call: OwnedCall, name = '', version = ''): Response {
  const warnings = { invalid_categories: [], invalid_badges: [], other: [] }
  const headers = {
    location: cratePath(call.owner.name, name, version),
    'cache-control': 'no-store',
  }
  return Response.json({ ok: true, warnings }, { headers })
}
