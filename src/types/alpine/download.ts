// The two things that apk asks for: the signed index of an architecture, and a package.

import { readResource } from '../../core/access/access-row.ts'
import { addressOf } from '../../core/commit/change.ts'
import { commitChange } from '../../core/commit/client.ts'
import { RegistryError } from '../../core/errors.ts'
import { timeOrderedId } from '../../core/ids.ts'
import type { FileRow } from '../../core/packages/file-row.ts'
import { loadKeySet } from '../../core/signing-keys.ts'
import { secretsOf } from '../../env.ts'
import { FormatError, quote } from '../../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { FILE_FAULTS, fileAnswers, fileResponse } from '../../http/file-response.ts'
import { parseArchitecture } from './format/name.ts'
import {
  ARCHITECTURE,
  FILE_NAME_PATTERN,
  findFile,
  findIndex,
  INDEX_FILE,
  parseRepositoryName,
  REPOSITORY_PARAMETERS,
  TYPE,
} from './names.ts'

const DIRECTORY = '/api/packages/:owner/alpine/:branch/:repository/:architecture'
export const FILE_PATH = `${DIRECTORY}/:file{[^/]+\\.apk}`
export const FILE_PARAMETERS = {
  ...REPOSITORY_PARAMETERS,
  architecture: ARCHITECTURE,
  file: { type: 'string', pattern: FILE_NAME_PATTERN },
} as const

/**
 * apk sends as If-Modified-Since the local time of its own last check, not our Last-Modified
 * (apk-tools src/database.c, libfetch).
 */
const CLOCK_ERROR_MS = 60 * 60 * 1000

interface IndexRow {
  readonly path: string
  readonly r2Key: string
  readonly size: number
  readonly sha256: string
  readonly keySet: string
  readonly changedAt: number
}

const indexEndpoint = ownedEndpoint<IndexRow>({
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
  handler: async (call) => {
    const row = await signedByToday(call, call.resource)
    if (row === undefined) throw absent(call, 'index')
    try {
      return await indexResponse(call, row)
    } catch (error) {
      if (!(error instanceof RegistryError) || error.fault.code !== 'object-missing') throw error
      // A database that was taken back in time names index files that were swept since.
      const rebuilt = await rebuild(call, '')
      if (rebuilt === undefined) throw error
      return indexResponse(call, rebuilt)
    }
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
  handler: async (call) => {
    if (call.resource === undefined) throw absent(call, 'package')
    const immutable = call.resource.immutable === 1
    const contentType = 'application/octet-stream'
    const clockErrorMs = CLOCK_ERROR_MS
    return fileResponse(call, { ...call.resource, contentType, clockErrorMs, immutable })
  },
})

export const downloadEndpoints: readonly Endpoint[] = [indexEndpoint, fileEndpoint]

function indexResponse(call: OwnedCall, row: IndexRow): Promise<Response> {
  return fileResponse(call, {
    ...row,
    contentType: 'application/gzip',
    clockErrorMs: CLOCK_ERROR_MS,
    immutable: false,
  })
}

/** After a change of keys the first GET has the repository sign its indexes anew, and waits. */
async function signedByToday(
  call: OwnedCall<IndexRow>,
  row: IndexRow | undefined,
): Promise<IndexRow | undefined> {
  if (row === undefined) return undefined
  const { env, owner } = call
  const keys = loadKeySet(secretsOf(env), owner.signingKey, owner.name)
  return row.keySet === keys.id ? row : rebuild(call, keys.id)
}

/** Has the index files written anew, unless this set of keys signed them all, and reads the row. */
async function rebuild(
  { env, owner, params }: OwnedCall,
  keySet: string,
): Promise<IndexRow | undefined> {
  await commitChange({
    namespace: env.REPOSITORY,
    address: addressOf(owner, TYPE, parseRepositoryName(params)),
    change: { op: 'reindex', changeId: timeOrderedId(Date.now()), keySet },
  })
  return (await readResource(env.DB, owner, findIndex(params))) as IndexRow | undefined
}

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
