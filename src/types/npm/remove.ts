// `npm unpublish`: of a version in two steps, the document without it and then its tarball; of a package by one.
import { RegistryError } from '../../core/errors.ts'
import type { PackageState } from '../../core/packages/document.ts'
import type { FileRow } from '../../core/packages/file-row.ts'
import { UPLOAD_LIMITS } from '../../http/body-limits.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { jsonContent } from '../../http/operation.ts'
import { requireWritable } from '../../http/publication.ts'
import { removeFound, removeSelected } from '../../http/removal.ts'
import { drainBody } from '../../http/request-body.ts'
import { DONE, done } from './dialect.ts'
import { TARBALL_PATHS } from './download.ts'
import { requireRevision } from './marks.ts'
import {
  absent,
  FILE_PARAMETERS,
  findFile,
  findPackage,
  PACKAGE_PARAMETERS,
  packagePaths,
  parsePackage,
  REVISION_PARAMETERS,
  TYPE,
} from './names.ts'

const REVISION = '/-rev/:rev'
/**
 * Where the registry is that of a scope alone, npm takes the path of the tarball's address for one below the
 * registry (libnpmpublish, unpublish.js), and a 404 there for a version that is gone: it says that it removed it.
 */
const DOUBLED = packagePaths(`/-/:file${REVISION}`, `/api/packages/:again/${TYPE}`)
const TARBALL_ALIASES = [
  ...TARBALL_PATHS.aliases.map((path) => `${path}${REVISION}`),
  ...[DOUBLED.path, ...DOUBLED.aliases],
]

export const removeEndpoints: readonly Endpoint[] = [
  ownedEndpoint<FileRow>({
    method: 'DELETE',
    path: `${TARBALL_PATHS.path}${REVISION}`,
    aliases: TARBALL_ALIASES,
    access: 'write',
    summary: 'Remove a version',
    operation: {
      id: 'removeNpmVersion',
      tag: TYPE,
      path: { ...REVISION_PARAMETERS, ...FILE_PARAMETERS },
      answers: DONE,
      faults: ['outcome-unknown'],
    },
    resource: findFile,
    handler: removeVersion,
  }),
  ownedEndpoint<PackageState>({
    method: 'PUT',
    ...packagePaths(REVISION),
    access: 'write',
    summary: 'The step of clients before they remove a version; changes nothing',
    operation: {
      id: 'prepareNpmRemoval',
      tag: TYPE,
      path: REVISION_PARAMETERS,
      body: { ...jsonContent({}), optional: true },
      answers: DONE,
      faults: ['body-too-large', 'body-timeout'],
    },
    resource: findPackage,
    handler: prepare,
  }),
  ownedEndpoint<PackageState>({
    method: 'DELETE',
    ...packagePaths(REVISION),
    access: 'write',
    summary: 'Remove a package with all its versions',
    operation: {
      id: 'removeNpmPackage',
      tag: TYPE,
      path: { ...REVISION_PARAMETERS, ...PACKAGE_PARAMETERS },
      answers: DONE,
      faults: ['invalid-name', 'invalid-request', 'outcome-unknown'],
    },
    resource: findPackage,
    handler: removePackage,
  }),
]

async function removeVersion(call: OwnedCall<FileRow>): Promise<Response> {
  const { owner, params, resource } = call
  const { again = owner.name } = params
  const found = resource === undefined || again !== owner.name ? [] : [resource]
  await removeFound(call, TYPE, found, absent(params))
  return done()
}

async function prepare(call: OwnedCall<PackageState>): Promise<Response> {
  await drainBody(call.request, UPLOAD_LIMITS)
  if (call.resource === undefined) {
    throw new RegistryError({ code: 'not-found', detail: absent(call.params) })
  }
  requireWritable(call, { type: TYPE, repository: null, packageName: call.resource.name })
  return done()
}

async function removePackage(call: OwnedCall<PackageState>): Promise<Response> {
  requireRevision(call.resource, call.params.rev)
  const packageName = parsePackage(call.params)
  await removeSelected(call, TYPE, { packageName }, absent(call.params))
  return done()
}
