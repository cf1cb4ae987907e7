// Removing a version or one of its files, after a page that says what goes.

import { RegistryError } from '../../core/errors.ts'
import { restOf } from '../../core/near/facts.ts'
import {
  findRemovableFiles,
  REMOVED_AT_ONCE,
  type RemovableFile,
} from '../../core/packages/remove.ts'
import { rememberMsOf } from '../../env.ts'
import { quote } from '../../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { requireWritable } from '../../http/publication.ts'
import { removeFound } from '../../http/removal.ts'
import { readSessionForm } from '../../http/session.ts'
import { findPackageType } from '../../types/registration.ts'
import type { PackageType } from '../../types/type.ts'
import { CsrfField } from '../components/form.tsx'
import { Badge } from '../components/pieces.tsx'
import { formatCount } from '../format.ts'
import { ownerPath, packagePath } from '../paths.ts'
import { pageResponse, seeOther } from '../respond.ts'

const PATH = '/:owner/-/remove/:type/:name/:version'

export const removeEndpoints: readonly Endpoint[] = [
  ownedEndpoint({
    method: 'GET',
    path: PATH,
    access: 'write',
    session: true,
    summary: 'What would go with a version, or with the file that `file` names by its id',
    handler: confirm,
  }),
  ownedEndpoint({
    method: 'POST',
    path: PATH,
    access: 'write',
    session: true,
    summary: 'Remove a version, or the file that `file` names by its id',
    handler: remove,
  }),
]

async function remove(call: OwnedCall): Promise<Response> {
  await readSessionForm(call)
  const { packageType, files } = await findFiles(call)
  await removeFound(call, packageType.type, files, absent(call))
  return seeOther(`${ownerPath(call.owner.name)}?notice=removed`)
}

interface Found {
  readonly packageType: PackageType
  readonly files: readonly RemovableFile[]
  /** Whether the version goes as a whole. */
  readonly whole: boolean
}

/** @throws RegistryError not-found */
async function findFiles(call: OwnedCall): Promise<Found> {
  const { env, owner, params, url } = call
  const packageType = findPackageType(params.type ?? '')
  if (packageType === undefined)
    throw new RegistryError({ code: 'not-found', detail: absent(call) })
  const { type, foldName = same, foldVersion = same } = packageType
  const all = await findRemovableFiles(
    env.DB,
    { ownerId: owner.id, type },
    { packageName: foldName(params.name ?? ''), version: foldVersion(params.version ?? '') },
  )
  const id = url.searchParams.get('file')
  const files = id === null ? all : all.filter((file) => file.id === id)
  if (files.length === 0) throw new RegistryError({ code: 'not-found', detail: absent(call) })
  return { packageType, files, whole: files.length === all.length && all.length < REMOVED_AT_ONCE }
}

const same = (name: string) => name

function absent({ params, url }: OwnedCall): string {
  const what = url.searchParams.has('file') ? 'file of version' : 'version'
  return `no such ${what}: ${quote(`${params.name} ${params.version}`)}`
}

/** For whom and when: what places on the edge remember of a public owner's files is gone only after a while. */
function whenGone({ env, owner }: OwnedCall): string {
  const rest = owner.visibility === 'public' ? restOf(rememberMsOf(env)) : 0
  return rest === 0
    ? 'for everybody and at once'
    : `here at once, everywhere within ${rest / 1000} seconds`
}

/** Refuses before it asks, where the token may not remove all of it. */
async function confirm(call: OwnedCall): Promise<Response> {
  const { owner, params, session, url } = call
  const { packageType, files, whole } = await findFiles(call)
  const { type } = packageType
  for (const { repository, packageName } of files) {
    requireWritable(call, { type, repository, packageName })
  }
  const { name = '', version = '' } = params
  const back = packagePath(owner.name, type, name, version)
  const shown = `${name} ${version}`
  const body = (
    <>
      <h1>Remove {whole ? shown : `a file of ${shown}`}?</h1>
      <p>
        {formatCount(files.length, 'file')} {files.length === 1 ? 'goes' : 'go'}, {whenGone(call)}.{' '}
        {whole ? 'The version goes with them. ' : ''}
        Clients that know it from before get “not found” for it.
      </p>
      <ul class="rows">
        {files.map((file) => (
          <li>
            <p class="mono">{file.name}</p>
            <div class="badges">
              {file.repository !== null && <Badge>{file.repository}</Badge>}
              {file.architecture !== '' && <Badge kind="accent">{file.architecture}</Badge>}
            </div>
          </li>
        ))}
      </ul>
      {session !== undefined && (
        <form method="post" action={`${url.pathname}${url.search}`} class="actions">
          <CsrfField token={session.csrfToken} />
          <button class="danger" type="submit">
            Remove {files.length === 1 ? 'it' : 'them'}
          </button>
          <a href={back}>Keep {files.length === 1 ? 'it' : 'them'}</a>
        </form>
      )}
    </>
  )
  const trail = [
    { label: owner.name, href: ownerPath(owner.name) },
    { label: shown, href: back },
    { label: 'Remove' },
  ]
  return pageResponse(call, { title: `Remove ${shown}`, trail, body })
}
