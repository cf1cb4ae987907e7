// …/-/link/{repo} and …/-/unlink of Forgejo's API, which tie a package to a git repository. No package can be tied to
// one here; a client that tries is told so, with the status that Forgejo answers for a repository that it does not have.
import { RegistryError } from '../core/errors.ts'
import { quote } from '../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../http/endpoint.ts'
import type { Schema } from '../http/operation.ts'
import { TEXT } from '../http/operation.ts'

/** @param pathOf the package's path, with the parameters that it has */
export function linkEndpoints(
  pathOf: string,
  parameters: Readonly<Record<string, Schema>>,
): readonly Endpoint[] {
  const always = 'Always refused: packages belong to no git repository here.'
  const operation = { tag: 'packages', description: always, answers: {} } as const
  return [
    ownedEndpoint({
      method: 'POST',
      path: `${pathOf}/-/link/:repo`,
      access: 'write',
      ignoresBody: true,
      summary: 'Link a package to a git repository, which this registry has not',
      operation: {
        ...operation,
        id: 'linkPackage',
        path: { ...parameters, repo: { ...TEXT, minLength: 1, examples: ['hello'] } },
      },
      handler: async (call) => {
        throw refusal(call, `link ${nameOf(call)} to ${quote(call.params.repo ?? '')}`)
      },
    }),
    ownedEndpoint({
      method: 'POST',
      path: `${pathOf}/-/unlink`,
      access: 'write',
      ignoresBody: true,
      summary: 'Unlink a package from its git repository, which no package has here',
      operation: { ...operation, id: 'unlinkPackage', path: parameters },
      handler: async (call) => {
        throw refusal(call, `unlink ${nameOf(call)}`)
      },
    }),
  ]
}

function nameOf({ owner, params }: OwnedCall): string {
  return quote([owner.name, params.type, params.name].join('/'))
}

function refusal(call: OwnedCall, what: string): RegistryError {
  const detail =
    `cannot ${what}: this registry has no git repositories, and its packages belong to none; ` +
    `"repository" is null in every package. /api/v1/owners/${call.owner.name}/repositories lists the ` +
    'repositories of packages'
  return new RegistryError({ code: 'not-found', detail })
}
