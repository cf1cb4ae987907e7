// Removing a package file, with its version when it was the last file: gone from the index at once, and for everybody
// but for places on the edge that remember the file (`REMEMBER_SECONDS`).
import { RegistryError } from '../../core/errors.ts'
import type { FileRow } from '../../core/packages/file-row.ts'
import { quote } from '../../formats/format-error.ts'
import { ownedEndpoint } from '../../http/endpoint.ts'
import { NO_CONTENT } from '../../http/operation.ts'
import { requireWritable } from '../../http/publication.ts'
import { removeFound } from '../../http/removal.ts'
import { FILE_PARAMETERS, FILE_PATH } from './download.ts'
import { findFile, parseRepositoryName, TYPE } from './names.ts'

export const removeEndpoint = ownedEndpoint<FileRow>({
  method: 'DELETE',
  path: FILE_PATH,
  access: 'write',
  summary: 'Remove a package',
  operation: {
    id: 'removeAlpinePackage',
    tag: 'alpine',
    description:
      'Under the architecture that the package names: a noarch one under `noarch`. It is gone from the index at once; a place on the edge that was asked for it before may answer it for `REMEMBER_SECONDS` and 5 seconds more.',
    path: FILE_PARAMETERS,
    answers: { 204: NO_CONTENT },
    faults: ['invalid-name', 'outcome-unknown'],
  },
  resource: findFile,
  handler: async (call) => {
    const { params, resource: file } = call
    requireWritable(call, { type: TYPE, repository: parseRepositoryName(params) })
    const absent = `no such package: ${quote(params.file ?? '')}`
    if (file === undefined) throw new RegistryError({ code: 'not-found', detail: absent })
    const { repository, packageName } = file
    requireWritable(call, { type: TYPE, repository, packageName })
    // One file serves all architectures; who means one of them must not remove it from the others.
    if (file.architecture !== params.architecture) throw elsewhere(file)
    return removeFound(call, TYPE, [file], absent)
  },
})

function elsewhere({ name, architecture }: FileRow): RegistryError {
  const detail = `${name} is a ${architecture} package: remove it at …/${architecture}/${name}`
  return new RegistryError({ code: 'not-found', detail })
}
