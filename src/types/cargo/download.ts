// GET of a crate, also of a yanked version: cargo does not choose it any more, but a lock file may name it.
import { RegistryError } from '../../core/errors.ts'
import type { FileRow } from '../../core/packages/file-row.ts'
import { ownedEndpoint } from '../../http/endpoint.ts'
import { FILE_FAULTS, fileAnswers, fileResponse } from '../../http/file-response.ts'
import { absent, findCrateFile, nearCrateFile, TYPE, VERSION, VERSION_PARAMETERS } from './names.ts'

export const downloadEndpoint = ownedEndpoint<FileRow>({
  method: 'GET',
  path: `${VERSION}/download`,
  access: 'read',
  summary: 'A crate',
  operation: {
    id: 'getCargoCrate',
    tag: TYPE,
    path: VERSION_PARAMETERS,
    answers: fileAnswers('application/gzip'),
    faults: FILE_FAULTS,
  },
  resource: findCrateFile,
  near: nearCrateFile,
  handler: async (call) => {
    const { params, resource: file } = call
    if (file === undefined) throw new RegistryError({ code: 'not-found', detail: absent(params) })
    const contentType = 'application/gzip'
    return fileResponse(call, {
      ...{ ...file, contentType, attachment: file.displayName, immutable: false },
    })
  },
})
