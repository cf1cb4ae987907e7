// Publishing: PUT of a package. Name, version and architecture come from the package alone; what
// the path ends in is the uploader's own name for the file and means nothing.

import { restrictionRefusal } from '../../core/access/decide.ts'
import { authorOf } from '../../core/access/principal.ts'
import { adoptOrDiscard } from '../../core/blobs/adopt.ts'
import { discardObjects } from '../../core/blobs/objects.ts'
import { stageUpload } from '../../core/blobs/stage.ts'
import { type PublishChange, type StagedBlob, weightOf } from '../../core/commit/change.ts'
import { commitChange, type Settled } from '../../core/commit/client.ts'
import { RegistryError } from '../../core/errors.ts'
import type { ByteSource } from '../../formats/bytes.ts'
import { FormatError, quote } from '../../formats/format-error.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { declaredLength } from '../../http/request-body.ts'
import { addressOf, parseRepositoryName } from './coordinates.ts'
import { describePackage, formatIndexEntry } from './format/apkindex.ts'
import { type InspectedPackage, inspectPackage, packageLimits } from './format/package.ts'
import { BODY_LIMITS, METADATA_BYTES } from './limits.ts'

const REPOSITORY = '/api/packages/:owner/alpine/:branch/:repository'

export const publishEndpoint = ownedEndpoint({
  method: 'PUT',
  path: REPOSITORY,
  // What `curl -T file URL/` and GoReleaser send.
  aliases: [`${REPOSITORY}/`, `${REPOSITORY}/:uploadName`],
  access: 'write',
  summary: 'Publish a package',
  handler: publish,
})

async function publish(call: OwnedCall): Promise<Response> {
  const repository = parseRepositoryName(call.params)
  const sameIsFine = parseIfExists(call.url)
  refuse(restrictionRefusal(call.principal, { repository }))
  const length = declaredLength(call.request, BODY_LIMITS.bodyBytes)
  const { blob, inspected } = await stageUpload(call.env.BLOBS, {
    body: call.request.body ?? new Blob([]).stream(),
    length,
    limits: BODY_LIMITS,
    inspect: (source) => inspect(call, source),
  })
  const change = changeOf(call, repository, inspected, blob)
  const settled = settle(call, repository, change)
  // The client may leave; the staged bytes must still find their end.
  call.waitUntil(settled.catch(() => {}))
  return respond(call, change, repository, await settled, sameIsFine)
}

/** Commits, and drops the staged bytes when it is certain that no row names them. */
async function settle(
  call: OwnedCall,
  repository: string,
  change: PublishChange,
): Promise<Settled> {
  const { REPOSITORY: namespace, DB, BLOBS } = call.env
  const unused = () => discardObjects(BLOBS, [change.blob.r2Key])
  try {
    const address = addressOf(call.owner, repository)
    const settled = await commitChange({ namespace, address, change })
    if (settled.outcome === 'exists') await adoptOrDiscard(DB, BLOBS, change.blob)
    if (settled.outcome === 'retired') await unused()
    return settled
  } catch (error) {
    if (isRefusal(error)) await unused()
    throw error
  }
}

/** Refuses within the stream, so that what is refused was never stored. */
async function inspect(call: OwnedCall, source: ByteSource): Promise<InspectedPackage> {
  try {
    const inspected = await inspectPackage(source, packageLimits, Date.now() / 1000)
    refuse(restrictionRefusal(call.principal, { packageName: inspected.info.name }))
    checkEntry(inspected)
    return inspected
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const { code: reason, message: detail, field } = error
    const fault = { code: 'invalid-package', reason, detail } as const
    throw new RegistryError(field === undefined ? fault : { ...fault, field }, { cause: error })
  }
}

function changeOf(
  call: OwnedCall,
  repository: string,
  inspected: InspectedPackage,
  blob: StagedBlob,
): PublishChange {
  const { name, version, architecture, origin } = inspected.info
  return {
    op: 'publish',
    changeId: crypto.randomUUID(),
    packageName: name,
    version,
    fileName: `${name}-${version}.apk`,
    architecture,
    compositeKey: `${repository}/${architecture}`,
    metadata: formatMetadata(inspected),
    properties: origin === undefined ? [] : [{ name: 'alpine.origin', value: origin }],
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
  throw new FormatError(
    'too-large',
    `the index entry would take ${size} bytes, more than ${METADATA_BYTES}: shorten the lists in .PKGINFO`,
  )
}

function respond(
  call: OwnedCall,
  change: PublishChange,
  repository: string,
  settled: Settled,
  sameIsFine: boolean,
): Response {
  const { packageName, version, architecture, fileName } = change
  const what = `${packageName} ${version} ${architecture}`
  const place = `${call.owner.name}/${repository}`
  if (settled.outcome === 'exists') {
    if (!settled.sameBytes) throw new RegistryError(fileExists(what, place, settled))
    const text = `${what} is already published in ${place} with the same bytes, revision ${settled.revision}`
    if (sameIsFine) return line(200, text)
    throw new RegistryError({ code: 'already-published', detail: `${text}: nothing to do` })
  }
  if (settled.outcome === 'retired') {
    const detail =
      `${what} was removed from ${place}, which is immutable: its name stays taken ` +
      `(for ${settled.architecture}), raise pkgrel and publish again`
    throw new RegistryError({ code: 'file-exists', detail })
  }
  if (settled.outcome === 'absent') throw new Error('a publish that found nothing')
  const path = `/api/packages/${call.owner.name}/alpine/${repository}/${architecture}/${fileName}`
  const text = `published ${what} to ${place}, revision ${settled.revision}`
  return line(201, text, { location: path })
}

function fileExists(what: string, place: string, settled: Extract<Settled, { outcome: 'exists' }>) {
  const detail =
    `${what} clashes with other bytes of that name and version, published in ${place} for ` +
    `${settled.architecture}: raise pkgrel and publish again`
  return { code: 'file-exists', detail } as const
}

function line(status: number, text: string, headers: Record<string, string> = {}): Response {
  const plain = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(`${text}\n`, { status, headers: { ...plain, ...headers } })
}

/** Of anything but a refusal it is not known whether a row names the bytes by now. */
function isRefusal(error: unknown): boolean {
  return error instanceof RegistryError && error.fault.code !== 'outcome-unknown'
}

function parseIfExists(url: URL): boolean {
  const value = url.searchParams.get('if-exists')
  if (value === null || value === 'same') return value === 'same'
  const detail = `if-exists=${quote(value)} is not known: use if-exists=same, or leave it out`
  throw new RegistryError({ code: 'invalid-request', detail })
}

function refuse(fault: ReturnType<typeof restrictionRefusal>): void {
  if (fault !== undefined) throw new RegistryError(fault)
}
