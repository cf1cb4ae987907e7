// PUT of a file by its package, version and name. There is no index, so nothing but the rows decides: of
// several uploads of one name at once, one gets the 201.
import { authorOf } from '../../core/access/principal.ts'
import type { StagedBlob } from '../../core/blobs/staged-blob.ts'
import { timeOrderedId } from '../../core/ids.ts'
import type { NewFile } from '../../core/packages/new-file.ts'
import { readToEnd } from '../../formats/bytes.ts'
import { quote } from '../../formats/format-error.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { BYTES } from '../../http/operation.ts'
import { PUBLISH_FAULTS, PUBLISH_QUERY, PUBLISHED, publishUpload } from '../../http/publication.ts'
import {
  FILE_PARAMETERS,
  FILE_PATH,
  foldName,
  type GenericNames,
  parseNames,
  TYPE,
} from './names.ts'

export const publishEndpoint = ownedEndpoint({
  method: 'PUT',
  path: FILE_PATH,
  access: 'write',
  recheckedByCommit: true,
  summary: 'Publish a file of a version',
  operation: {
    id: 'publishGenericFile',
    tag: TYPE,
    description:
      'The body is the file, or a form whose first file it is. Package and version are made.',
    path: FILE_PARAMETERS,
    query: PUBLISH_QUERY,
    body: { contentType: 'application/octet-stream', schema: BYTES, optional: true },
    answers: PUBLISHED,
    faults: PUBLISH_FAULTS,
  },
  handler: publish,
})

async function publish(call: OwnedCall): Promise<Response> {
  const names = parseNames(call.params)
  const { packageName, version, fileName } = names
  return publishUpload(call, {
    type: TYPE,
    into: { creation: 'any-version' },
    packageName: foldName(packageName),
    inspect: readToEnd,
    describe: (_, blob) => describeFile(call, names, blob),
    wording: () => ({
      what: `${quote(fileName)} of ${packageName} ${quote(version)}`,
      place: `${call.owner.name}/${TYPE}`,
      location: call.url.pathname,
      advice: 'choose another version or file name, or delete the file first',
    }),
  })
}

function describeFile(call: OwnedCall, names: GenericNames, blob: StagedBlob): NewFile {
  return {
    changeId: timeOrderedId(Date.now()),
    packageName: foldName(names.packageName),
    version: foldName(names.version),
    fileName: foldName(names.fileName),
    display: names,
    architecture: '',
    compositeKey: '',
    metadata: '{}',
    properties: {},
    blob,
    createdBy: authorOf(call.principal),
  }
}
