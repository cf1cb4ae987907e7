// Removal of a file, a version or a whole package; the last file takes its version along, and the
// last version its package.
import { type Endpoint, type OwnedCall, ownedEndpoint, type Params } from '../../http/endpoint.ts'
import { NO_CONTENT, type Operation } from '../../http/operation.ts'
import { removeSelected } from '../../http/removal.ts'
import {
  absent,
  FILE_PARAMETERS,
  FILE_PATH,
  foldName,
  PACKAGE_PARAMETERS,
  PACKAGE_PATH,
  parseFileName,
  parsePackageName,
  parseVersion,
  TYPE,
  VERSION_PARAMETERS,
} from './names.ts'

const REMOVAL: Omit<Operation, 'id'> = {
  tag: TYPE,
  answers: { 204: NO_CONTENT },
  faults: ['invalid-name', 'outcome-unknown'],
}

export const removeEndpoints: readonly Endpoint[] = [
  removeEndpoint(FILE_PATH, 'Remove a file', {
    ...REMOVAL,
    id: 'removeGenericFile',
    path: FILE_PARAMETERS,
  }),
  removeEndpoint(`${PACKAGE_PATH}/:version`, 'Remove a version with all its files', {
    ...REMOVAL,
    id: 'removeGenericVersion',
    path: VERSION_PARAMETERS,
  }),
  removeEndpoint(PACKAGE_PATH, 'Remove a package with all its versions', {
    ...REMOVAL,
    id: 'removeGenericPackage',
    path: PACKAGE_PARAMETERS,
  }),
]

function removeEndpoint(path: string, summary: string, operation: Operation): Endpoint {
  const handler = remove
  return ownedEndpoint({ method: 'DELETE', path, access: 'write', summary, operation, handler })
}

function remove(call: OwnedCall): Promise<Response> {
  return removeSelected(call, TYPE, selectionOf(call.params), absent(call.params))
}

function selectionOf({ package: name, version, file }: Params) {
  const packageName = foldName(parsePackageName(name ?? ''))
  if (version === undefined) return { packageName }
  const selected = { packageName, version: foldName(parseVersion(version)) }
  return file === undefined ? selected : { ...selected, fileName: foldName(parseFileName(file)) }
}
