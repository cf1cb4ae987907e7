// GET of a file by its package, version and name.
import { RegistryError } from '../../core/errors.ts'
import type { FileRow } from '../../core/packages/file-row.ts'
import { ownedEndpoint } from '../../http/endpoint.ts'
import { FILE_FAULTS, fileAnswers, fileResponse } from '../../http/file-response.ts'
import { absent, FILE_PARAMETERS, FILE_PATH, findFile, nearFile, TYPE } from './names.ts'

export const downloadEndpoint = ownedEndpoint<FileRow>({
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
  near: nearFile,
  handler: async (call) => {
    const { params, resource: file } = call
    if (file === undefined) throw new RegistryError({ code: 'not-found', detail: absent(params) })
    const contentType = 'application/octet-stream'
    const attachment = file.displayName
    return fileResponse(call, { ...file, contentType, attachment, immutable: false })
  },
})
