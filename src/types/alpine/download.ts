// The two things that apk asks for: the signed index of an architecture, and a package.
import { RegistryError } from '../../core/errors.ts'
import type { FileRow } from '../../core/packages/file-row.ts'
import type { IndexFileRow } from '../../core/packages/index-file.ts'
import { FormatError, quote } from '../../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { FILE_FAULTS, fileAnswers, fileResponse } from '../../http/file-response.ts'
import { indexResponse } from '../../http/index-response.ts'
import { parseArchitecture } from './format/name.ts'
import {
  ARCHITECTURE,
  FILE_NAME_PATTERN,
  findFile,
  findIndex,
  INDEX_FILE,
  nearPath,
  parseIndexPlace,
  REPOSITORY_PARAMETERS,
} from './names.ts'

const DIRECTORY = '/api/packages/:owner/alpine/:branch/:repository/:architecture'
export const FILE_PATH = `${DIRECTORY}/:file{[^/]+\\.apk}`
export const FILE_PARAMETERS = {
  ...REPOSITORY_PARAMETERS,
  architecture: ARCHITECTURE,
  file: { type: 'string', pattern: FILE_NAME_PATTERN, examples: ['hello-1.0.0-r0.apk'] },
} as const

/**
 * apk sends as If-Modified-Since the local time of its own last check, not our Last-Modified
 * (apk-tools src/database.c, libfetch).
 */
const CLOCK_ERROR_MS = 60 * 60 * 1000

const indexEndpoint = ownedEndpoint<IndexFileRow>({
  method: 'GET',
  path: `${DIRECTORY}/${INDEX_FILE}`,
  access: 'read',
  summary: 'The signed index of an architecture',
  operation: {
    id: 'getAlpineIndex',
    tag: 'alpine',
    description: 'An architecture without packages of its own gets the index of `noarch`.',
    path: { ...REPOSITORY_PARAMETERS, architecture: ARCHITECTURE },
    answers: fileAnswers('application/gzip'),
    faults: FILE_FAULTS,
  },
  resource: findIndex,
  near: (params) => nearPath(params, undefined),
  handler: async (call) => {
    const contentType = 'application/gzip'
    const response =
      call.resource &&
      (await indexResponse(call, parseIndexPlace(call.params), {
        contentType,
        clockErrorMs: CLOCK_ERROR_MS,
      }))
    if (response === undefined) throw absent(call, 'index')
    return response
  },
})

const fileEndpoint = ownedEndpoint<FileRow>({
  method: 'GET',
  path: FILE_PATH,
  access: 'read',
  summary: 'A package, byte for byte as it was published',
  operation: {
    id: 'getAlpinePackage',
    tag: 'alpine',
    path: FILE_PARAMETERS,
    answers: fileAnswers('application/octet-stream'),
    faults: FILE_FAULTS,
  },
  resource: findFile,
  near: (params) => nearPath(params, `${params.architecture}/${params.file}`),
  handler: async (call) => {
    if (call.resource === undefined) throw absent(call, 'package')
    const immutable = call.resource.immutable === 1
    const contentType = 'application/octet-stream'
    const clockErrorMs = CLOCK_ERROR_MS
    return fileResponse(call, { ...call.resource, contentType, clockErrorMs, immutable })
  },
})

export const downloadEndpoints: readonly Endpoint[] = [indexEndpoint, fileEndpoint]

/** What is wrong with the name of the architecture, if that is why nothing was found. */
function reasonFor(architecture = ''): string {
  try {
    parseArchitecture(architecture)
    return ''
  } catch (error) {
    if (error instanceof FormatError) return `; ${error.message}`
    throw error
  }
}

function absent({ owner, params }: OwnedCall, what: string): RegistryError {
  const { branch, repository, architecture, file } = params
  const shown = [owner.name, branch, repository, architecture, file].filter(Boolean).join('/')
  const reason = reasonFor(architecture)
  return new RegistryError({
    code: 'not-found',
    detail: `no such ${what}: ${quote(shown)}${reason}`,
  })
}
