// GET of a tarball by its package and file name, also in Gitea's form with the version before the file.
import { RegistryError } from '../../core/errors.ts'
import type { FileRow } from '../../core/packages/file-row.ts'
import { ownedEndpoint } from '../../http/endpoint.ts'
import { FILE_FAULTS, fileAnswers, fileResponse } from '../../http/file-response.ts'
import { absent, FILE_PARAMETERS, findFile, nearFile, packagePaths, TYPE } from './names.ts'

const CONTENT_TYPE = 'application/octet-stream'

const plain = packagePaths('/-/:file')
const versioned = packagePaths('/-/:version/:file')

/** Of a tarball; the first is what documents have. */
export const TARBALL_PATHS = {
  path: plain.path,
  aliases: [...plain.aliases, versioned.path, ...versioned.aliases],
}

export const downloadEndpoint = ownedEndpoint<FileRow>({
  method: 'GET',
  ...TARBALL_PATHS,
  access: 'read',
  summary: 'The tarball of a version',
  operation: {
    id: 'getNpmTarball',
    tag: TYPE,
    path: FILE_PARAMETERS,
    answers: fileAnswers(CONTENT_TYPE),
    faults: FILE_FAULTS,
  },
  resource: findFile,
  near: nearFile,
  handler: async (call) => {
    const { params, resource: file } = call
    if (file === undefined) throw new RegistryError({ code: 'not-found', detail: absent(params) })
    const attachment = file.displayName
    return fileResponse(call, { ...file, contentType: CONTENT_TYPE, attachment, immutable: false })
  },
})
