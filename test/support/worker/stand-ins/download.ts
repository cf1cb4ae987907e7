// GET of a file of a stand-in.

import type { ResourceQuery } from '../../../../src/core/access/resource-query.ts'
import { RegistryError } from '../../../../src/core/errors.ts'
import type { FileRow } from '../../../../src/core/packages/file-row.ts'
import {
  type Endpoint,
  type OwnedCall,
  ownedEndpoint,
  type Params,
} from '../../../../src/http/endpoint.ts'
import { fileResponse } from '../../../../src/http/file-response.ts'

export function downloadEndpoint(
  path: string,
  resource: (params: Params) => ResourceQuery,
): Endpoint {
  return ownedEndpoint<FileRow>({
    ...{ method: 'GET', path, access: 'read', summary: 'The file', resource },
    handler: (call) => {
      const contentType = 'application/octet-stream'
      return fileResponse(call, { ...requireFile(call), contentType, immutable: false })
    },
  })
}

/** @throws RegistryError not-found */
export function requireFile({ resource }: OwnedCall<FileRow>): FileRow {
  if (resource !== undefined) return resource
  throw new RegistryError({ code: 'not-found', detail: 'no such file' })
}
