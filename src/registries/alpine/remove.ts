// Removing a package file: gone for everybody at once, with its version when it was the last file.
import { restrictionRefusal } from '../../core/access/decide.ts'
import { authorOf } from '../../core/access/principal.ts'
import { commitChange } from '../../core/commit/client.ts'
import { RegistryError } from '../../core/errors.ts'
import { quote } from '../../formats/format-error.ts'
import { ownedEndpoint } from '../../http/endpoint.ts'
import { addressOf, findFile, parseRepositoryName } from './coordinates.ts'
import { FILE_PATH, type FileRow } from './download.ts'

export const removeEndpoint = ownedEndpoint<FileRow>({
  method: 'DELETE',
  path: FILE_PATH,
  access: 'write',
  summary: 'Remove a package',
  resource: findFile,
  handler: async ({ env, owner, params, principal, resource: file }) => {
    const repository = parseRepositoryName(params)
    const refusal = restrictionRefusal(principal, {
      repository,
      ...(file === undefined ? {} : { packageName: file.packageName }),
    })
    if (refusal !== undefined) throw new RegistryError(refusal)
    if (file === undefined) throw absent(params.file)
    // One file serves all architectures; who means one of them must not remove it from the others.
    if (file.architecture !== params.architecture) throw elsewhere(file)
    const { outcome } = await commitChange({
      namespace: env.REPOSITORY,
      address: addressOf(owner, repository),
      change: {
        op: 'remove',
        changeId: crypto.randomUUID(),
        fileId: file.id,
        fileName: file.name,
        createdBy: authorOf(principal),
      },
    })
    if (outcome === 'absent') throw absent(params.file)
    return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
  },
})

function absent(file = ''): RegistryError {
  return new RegistryError({ code: 'not-found', detail: `no such package: ${quote(file)}` })
}

function elsewhere({ name, architecture }: FileRow): RegistryError {
  const detail = `${name} is a ${architecture} package: remove it at …/${architecture}/${name}`
  return new RegistryError({ code: 'not-found', detail })
}
