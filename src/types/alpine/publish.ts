// Publishing: PUT of a package. Name, version and architecture come from the package alone; what
// the path ends in is the uploader's own name for the file and means nothing.
import { authorOf } from '../../core/access/principal.ts'
import type { StagedBlob } from '../../core/blobs/staged-blob.ts'
import { timeOrderedId } from '../../core/ids.ts'
import { type NewFile, weightOf } from '../../core/packages/new-file.ts'
import type { ByteSource } from '../../formats/bytes.ts'
import { ContentListWriter } from '../../formats/content-list.ts'
import { FormatError } from '../../formats/format-error.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { BYTES, TEXT, withExample } from '../../http/operation.ts'
import {
  PUBLISH_FAULTS,
  PUBLISH_QUERY,
  PUBLISHED,
  publishUpload,
  requireWritable,
} from '../../http/publication.ts'
import { claimsOf } from './claims.ts'
import { describePackage, formatIndexEntry } from './format/apkindex.ts'
import { inspectPackage, packageLimits } from './format/package.ts'
import type { InspectedPackage, PackageInfo } from './format/package-info.ts'
import { propertiesOf } from './format/properties.ts'
import { versionOrder } from './format/version.ts'
import { parseTargetName, REPOSITORY_PARAMETERS, TYPE } from './names.ts'

/**
 * Bytes of an index entry as D1 gets it, in JSON within JSON: eight times the largest in the main
 * repository of Alpine 3.16 (linux-firmware, with 92 dependencies). Words that repeat cost a
 * publisher nothing, so that this much of D1 is what an upload of 2 kB can fill.
 */
const METADATA_BYTES = 32 * 1024

export const REPOSITORY = '/api/packages/:owner/alpine/:branch/:repository'

export const publishEndpoint = ownedEndpoint({
  method: 'PUT',
  path: REPOSITORY,
  // What `curl -T file URL/` and GoReleaser send. A GET of them is a 404, which apko needs: it asks a
  // repository for `apk-configuration`, and any other refusal ends it.
  aliases: [`${REPOSITORY}/`, `${REPOSITORY}/:uploadName`],
  access: 'write',
  recheckedByCommit: true,
  summary: 'Publish a package',
  operation: {
    id: 'publishAlpinePackage',
    tag: 'alpine',
    description: 'The body is the package; name, version and architecture come from it alone.',
    path: { ...REPOSITORY_PARAMETERS, uploadName: withExample(TEXT, 'hello.apk') },
    query: PUBLISH_QUERY,
    body: { contentType: 'application/octet-stream', schema: BYTES },
    answers: PUBLISHED,
    faults: PUBLISH_FAULTS,
  },
  handler: publish,
})

async function publish(call: OwnedCall): Promise<Response> {
  const repository = parseTargetName(call.params)
  return publishUpload(call, {
    type: TYPE,
    into: { repository },
    inspect: (source) => inspect(call, repository, source),
    contentsOf: ({ contents }) => contents,
    claims: ({ info }) => claimsOf(info),
    describe: (inspected, blob) => describeFile(call, repository, inspected, blob),
    wording: ({ packageName, version, architecture, fileName }) => ({
      what: `${packageName} ${version} ${architecture}`,
      place: `${call.owner.name}/${repository}`,
      location: `/api/packages/${call.owner.name}/${TYPE}/${repository}/${architecture}/${fileName}`,
      advice: 'raise pkgrel and publish again',
    }),
  })
}

interface Inspected extends InspectedPackage {
  /** The list of the files in it. */
  readonly contents: Uint8Array
}

/** Of a package that was published: the list of the files in it. @throws FormatError */
export async function listContents(source: ByteSource): Promise<Uint8Array> {
  const list = new ContentListWriter()
  await inspectPackage(source, packageLimits, undefined, (entry) => list.add(entry))
  return list.finish()
}

/** Refuses within the stream, so that what is refused was never stored. */
async function inspect(
  call: OwnedCall,
  repository: string,
  source: ByteSource,
): Promise<Inspected> {
  const list = new ContentListWriter()
  const today = Date.now() / 1000
  const inspected = await inspectPackage(source, packageLimits, today, (entry) => list.add(entry))
  requireWritable(call, { type: TYPE, repository, packageName: inspected.info.name })
  checkEntry(inspected)
  return { ...inspected, contents: list.finish() }
}

function describeFile(
  call: OwnedCall,
  repository: string,
  inspected: InspectedPackage,
  blob: StagedBlob,
): NewFile {
  const { name, version, architecture } = inspected.info
  return {
    changeId: timeOrderedId(Date.now()),
    packageName: name,
    version,
    fileName: `${name}-${version}.apk`,
    architecture,
    compositeKey: `${repository}/${architecture}`,
    metadata: formatMetadata(inspected),
    properties: { file: propertiesOf(inspected.info) },
    order: versionOrder(version),
    blob,
    createdBy: authorOf(call.principal),
  }
}

function formatMetadata(inspected: InspectedPackage): string {
  return JSON.stringify(describePackage(inspected))
}

/** What could not be listed later must not be stored now. */
function checkEntry(inspected: InspectedPackage): void {
  formatIndexEntry(describePackage(inspected))
  const size = weightOf(formatMetadata(inspected))
  if (size <= METADATA_BYTES) return
  const field = longestList(inspected.info)
  throw new FormatError(
    'too-large',
    `the index entry would take ${size} bytes, more than ${METADATA_BYTES}: shorten ${field} in .PKGINFO`,
    { field },
  )
}

function longestList({ depends, provides, installIf }: PackageInfo): string {
  const lists = { depend: depends, provides, install_if: installIf }
  const lengths = Object.entries(lists).map(([field, items]) => {
    return { field, length: items.join(' ').length }
  })
  return lengths.reduce((longest, each) => (each.length > longest.length ? each : longest)).field
}
