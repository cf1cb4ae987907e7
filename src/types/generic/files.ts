// PUT, GET and DELETE of a file by its package, version and name. There is no index, so nothing but
// the rows decides: of several uploads of one name at once, one gets the 201.
import { authorOf } from '../../core/access/principal.ts'
import { NOTHING, type ResourceQuery } from '../../core/access/resource-query.ts'
import type { StagedBlob } from '../../core/blobs/staged-blob.ts'
import { RegistryError } from '../../core/errors.ts'
import { timeOrderedId } from '../../core/ids.ts'
import { FILE_ROW, type FileRow } from '../../core/packages/file-row.ts'
import type { NewFile } from '../../core/packages/new-file.ts'
import { readToEnd } from '../../formats/bytes.ts'
import { quote } from '../../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint, type Params } from '../../http/endpoint.ts'
import { FILE_FAULTS, fileAnswers, fileResponse } from '../../http/file-response.ts'
import { type Schema, TEXT } from '../../http/operation.ts'
import { PUBLISH_FAULTS, PUBLISH_QUERY, PUBLISHED, publishUpload } from '../../http/publication.ts'
import { foldName, type GenericNames, MAX_LENGTH, parseNames } from './names.ts'

export const TYPE = 'generic'
export const PACKAGE_PATH = '/api/packages/:owner/generic/:package'
export const FILE_PATH = `${PACKAGE_PATH}/:version/:file`

const NAME: Schema = { type: 'string', minLength: 1, maxLength: MAX_LENGTH }
export const PACKAGE_PARAMETERS = {
  package: { ...NAME, pattern: '^(?:[A-Za-z0-9]|[-_+.A-Za-z0-9]{2,})$', not: { const: '..' } },
} as const
export const VERSION_PARAMETERS = {
  ...PACKAGE_PARAMETERS,
  version: { ...NAME, description: 'Printable, without a blank at either end; not "." or "..".' },
} as const
export const FILE_PARAMETERS = {
  ...VERSION_PARAMETERS,
  file: {
    ...{ ...NAME, pattern: '^[-_+=:;.()[\\]{}~!@#$%^& A-Za-z0-9]+$' },
    description: 'Without a blank at either end; not "." or "..".',
  },
} as const

export const fileEndpoints: readonly Endpoint[] = [
  ownedEndpoint({
    method: 'PUT',
    path: FILE_PATH,
    access: 'write',
    summary: 'Publish a file of a version',
    operation: {
      id: 'publishGenericFile',
      tag: TYPE,
      description:
        'The body is the file, or a form whose first file it is. Package and version are made.',
      path: FILE_PARAMETERS,
      query: PUBLISH_QUERY,
      body: { contentType: 'application/octet-stream', schema: TEXT, optional: true },
      answers: PUBLISHED,
      faults: PUBLISH_FAULTS,
    },
    handler: publish,
  }),
  ownedEndpoint<FileRow>({
    method: 'GET',
    path: FILE_PATH,
    access: 'read',
    summary: 'A file, byte for byte as it was published',
    operation: {
      id: 'getGenericFile',
      tag: TYPE,
      path: FILE_PARAMETERS,
      answers: fileAnswers('application/octet-stream'),
      faults: FILE_FAULTS,
    },
    resource: findFile,
    handler: async (call) => {
      const { params, resource: file } = call
      if (file === undefined) throw new RegistryError({ code: 'not-found', detail: absent(params) })
      const contentType = 'application/octet-stream'
      const attachment = file.displayName
      return fileResponse(call, { ...file, contentType, attachment, immutable: false })
    },
  }),
]

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

function findFile(params: Params): ResourceQuery {
  let names: GenericNames
  try {
    names = parseNames(params)
  } catch (error) {
    if (error instanceof RegistryError) return NOTHING
    throw error
  }
  return {
    sql: `SELECT ${FILE_ROW}
          FROM package p
          JOIN package_version v ON v.package_id = p.id AND v.version = ?4
          JOIN package_file f ON f.version_id = v.id AND f.composite_key = '' AND f.name = ?5
          JOIN package_blob b ON b.sha256 = f.blob_sha256
          LEFT JOIN repository r ON r.id = f.repository_id
          WHERE p.owner_id = o.id AND p.type = '${TYPE}' AND p.name = ?3`,
    parameters: [names.packageName, names.version, names.fileName].map(foldName),
  }
}

/** What to say when there is no such thing, down to what the path names. */
export function absent({ package: name, version, file }: Params): string {
  const shown = [name, version, file].filter((part) => part !== undefined).join('/')
  const kind = file !== undefined ? 'file' : version !== undefined ? 'version' : 'package'
  return `no such ${kind}: ${quote(shown)}`
}
