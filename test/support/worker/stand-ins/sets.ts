// A stand-in of types whose publish makes several files of a version: the file, what its clients read of it, and its
// digest. At one path a publish of what is there is refused, and at the other it is a success, as for containers.
import { authorOf } from '../../../../src/core/access/principal.ts'
import type { StagedBlob } from '../../../../src/core/blobs/staged-blob.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { findVersionFile } from '../../../../src/core/packages/file-row.ts'
import type { NewFile } from '../../../../src/core/packages/new-file.ts'
import { encodeUtf8, readToEnd } from '../../../../src/formats/bytes.ts'
import { type OwnedCall, ownedEndpoint } from '../../../../src/http/endpoint.ts'
import { publishUpload } from '../../../../src/http/publication.ts'
import { removeSelected } from '../../../../src/http/removal.ts'
import type { PackageType } from '../../../../src/types/type.ts'
import { downloadEndpoint } from './download.ts'

export const SETS_TYPE = 'stand-in-sets'
const BASE = `/api/packages/:owner/${SETS_TYPE}`
const VERSION = `${BASE}/:package/:version`

/** The names of the files of a version. */
export const FILES = ['main', 'about', 'main.sha256'] as const

/**
 * The query may have `tag`, `about` (a text that is the second file) and `padding` (bytes of metadata of each
 * file); `part` leaves out the third file.
 */
function publish(call: OwnedCall, onSame?: 'accept'): Promise<Response> {
  const { package: packageName = '', version = '' } = call.params
  const { searchParams: query } = call.url
  const fileOf = (fileName: string, blob: StagedBlob): NewFile => ({
    changeId: timeOrderedId(Date.now()),
    ...{ packageName, version, fileName, architecture: '', compositeKey: '', blob },
    metadata: JSON.stringify({ padding: 'x'.repeat(Number(query.get('padding') ?? 0)) }),
    ...{ properties: {}, createdBy: authorOf(call.principal) },
    tags: query.getAll('tag').map((name) => ({ name })),
  })
  const creation = query.has('new') ? 'new-version' : 'any-version'
  const further = [
    { name: 'about', text: () => query.get('about') ?? 'about it' },
    ...(query.has('part') ? [] : [{ name: 'main.sha256', text: (sha256: string) => sha256 }]),
  ]
  return publishUpload(call, {
    type: SETS_TYPE,
    into: {
      creation,
      ...(query.has('taken') && { namesStayTaken: true }),
      ...(onSame && { onSame }),
    },
    packageName,
    inspect: readToEnd,
    describe: (_, blob) => fileOf('main', blob),
    further: (_, { sha256 }) =>
      further.map(({ name, text }) => ({
        content: encodeUtf8(text(sha256)),
        describe: (blob) => fileOf(name, blob),
      })),
    wording: () => ({
      ...{ what: `${packageName} ${version}`, place: `${call.owner.name}/${SETS_TYPE}` },
      ...{
        advice: 'raise the version',
        location: `${call.url.pathname.replace('/same', '')}/main`,
      },
    }),
  })
}

export const setsType: PackageType = {
  type: SETS_TYPE,
  endpoints: [
    ownedEndpoint({
      ...{ method: 'PUT', path: VERSION, access: 'write', summary: 'Publish' },
      handler: (call) => publish(call),
    }),
    ownedEndpoint({
      ...{ method: 'PUT', path: `${VERSION}/same`, access: 'write', summary: 'Publish again' },
      handler: (call) => publish(call, 'accept'),
    }),
    downloadEndpoint(
      `${VERSION}/:file`,
      ({ package: packageName = '', version = '', file: fileName = '' }) =>
        findVersionFile({ type: SETS_TYPE, packageName, version, fileName }),
    ),
    ownedEndpoint({
      ...{ method: 'DELETE', path: VERSION, access: 'write', summary: 'Remove' },
      handler: (call) => {
        const { package: packageName = '', version = '' } = call.params
        return removeSelected(call, SETS_TYPE, { packageName, version }, 'no such version')
      },
    }),
    ownedEndpoint({
      ...{ method: 'DELETE', path: `${VERSION}/:file`, access: 'write', summary: 'Remove a file' },
      handler: (call) => {
        const { package: packageName = '', version = '', file: fileName = '' } = call.params
        return removeSelected(call, SETS_TYPE, { packageName, version, fileName }, 'no such file')
      },
    }),
  ],
}
