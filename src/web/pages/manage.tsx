// Managing an owner: its tokens, for holders of a token with the scope admin; its visibility and its end,
// for the deployment admin. The rules are those of the API.
import { type GRANT_NAMES, parseGrant } from '../../core/access/grant.ts'
import { refuseRestricted } from '../../core/access/restricted.ts'
import { createToken, deleteToken, listTokens } from '../../core/access/tokens.ts'
import { RegistryError, statusOf } from '../../core/errors.ts'
import { parseOwnerName } from '../../core/names.ts'
import { changeLimits, deleteOwner, parseVisibility, putOwner } from '../../core/owners.ts'
import { parseLimits } from '../../core/quota/quota.ts'
import { readQuota } from '../../core/quota/statements.ts'
import { deleteRepository } from '../../core/repositories.ts'
import { limitsOf } from '../../env.ts'
import { quote } from '../../formats/format-error.ts'
import { type Call, type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { readSessionForm } from '../../http/session.ts'
import { GRANTABLE_TYPES } from '../../types/grantable.ts'
import { limitsOfFields } from '../components/quota.tsx'
import { managePath, OWNERS_PATH, ownerPath } from '../paths.ts'
import { pageResponse, seeOther } from '../respond.ts'
import { ManageBody, type ManageOutcome } from './manage-body.tsx'

const PATH = '/:owner/-/manage'

export const manageEndpoints: readonly Endpoint[] = [
  ownedEndpoint({
    method: 'GET',
    path: PATH,
    access: 'owner-admin',
    session: true,
    summary:
      'The tokens of an owner, its use and its limits, and its settings for the deployment admin',
    handler: (call) => managePage(call),
  }),
  ownedEndpoint({
    method: 'POST',
    path: `${PATH}/tokens`,
    access: 'owner-admin',
    session: true,
    summary: 'Create an access token with a form; its text is in this answer only',
    handler: newToken,
  }),
  ownedEndpoint({
    method: 'POST',
    path: `${PATH}/tokens/:id/revoke`,
    access: 'owner-admin',
    session: true,
    summary: 'Revoke an access token with a form',
    handler: revoke,
  }),
  ownedEndpoint({
    method: 'POST',
    path: `${PATH}/repositories/delete`,
    access: 'owner-admin',
    session: true,
    summary: 'Delete a repository that holds no files with a form',
    handler: removeRepository,
  }),
  {
    method: 'POST',
    path: `${PATH}/visibility`,
    access: 'deployment-admin',
    session: true,
    summary: "Change an owner's visibility with a form",
    handler: changeVisibility,
  },
  {
    method: 'POST',
    path: `${PATH}/limits`,
    access: 'deployment-admin',
    session: true,
    summary: "Change an owner's limits with a form",
    handler: newLimits,
  },
  {
    method: 'POST',
    path: `${PATH}/delete`,
    access: 'deployment-admin',
    session: true,
    summary: 'Delete an owner that has no packages with a form',
    handler: removeOwner,
  },
]

async function newToken(call: OwnedCall): Promise<Response> {
  const fields = await readSessionForm(call)
  return showingRefusals(call, fields, async () => {
    refuseRestricted(call.principal)
    const { token, text } = await createToken(
      call.env.DB,
      call.owner.id,
      parseGrant(grantOf(fields), GRANTABLE_TYPES),
      limitsOf(call.env),
    )
    return managePage(call, { status: 201, created: { name: token.name, text } })
  })
}

/** The fields as the API's body has them: a list a line, a day until its end. */
function grantOf(fields: URLSearchParams): Record<(typeof GRANT_NAMES)[number], unknown> {
  const lines = (name: string) =>
    (fields.get(name) ?? '').split(/\s+/).filter((line) => line !== '')
  const orNull = (list: readonly string[]) => (list.length === 0 ? null : list)
  const day = fields.get('expires_at') ?? ''
  return {
    name: fields.get('name')?.trim(),
    scopes: fields.getAll('scopes'),
    repositories: orNull(lines('repositories')),
    packages: orNull(lines('packages')),
    expires_at: day === '' ? null : `${day}T23:59:59Z`,
  }
}

async function revoke(call: OwnedCall): Promise<Response> {
  const fields = await readSessionForm(call)
  return showingRefusals(call, fields, async () => {
    refuseRestricted(call.principal)
    const { env, owner, params, principal } = call
    const id = params.id ?? ''
    if (!(await deleteToken(env.DB, owner.id, id))) {
      throw new RegistryError({ code: 'not-found', detail: 'the token is gone already' })
    }
    // Whoever revokes the token that they signed in with has signed out.
    const own = principal.kind === 'token' && principal.id === id
    return seeOther(own ? '/?notice=revoked' : `${managePath(owner.name)}?notice=revoked`)
  })
}

async function removeRepository(call: OwnedCall): Promise<Response> {
  const fields = await readSessionForm(call)
  return showingRefusals(call, fields, async () => {
    refuseRestricted(call.principal)
    const { env, owner } = call
    const [type, name] = [fields.get('type') ?? '', fields.get('name') ?? '']
    await deleteRepository(env.DB, owner.id, type, name)
    return seeOther(`${ownerPath(owner.name)}?notice=removed`)
  })
}

async function changeVisibility(call: Call): Promise<Response> {
  const fields = await readSessionForm(call)
  const owned = requireOwner(call)
  return showingRefusals(owned, fields, async () => {
    const { env, owner } = owned
    const visibility = parseVisibility(fields.get('visibility'))
    await putOwner(env.DB, parseOwnerName(owner.name), { visibility })
    return seeOther(`${managePath(owner.name)}?notice=changed`)
  })
}

async function newLimits(call: Call): Promise<Response> {
  const fields = await readSessionForm(call)
  const owned = requireOwner(call)
  return showingRefusals(owned, fields, async () => {
    const { env, owner } = owned
    await changeLimits(env.DB, owner.id, parseLimits(limitsOfFields(fields)))
    return seeOther(`${managePath(owner.name)}?notice=changed`)
  })
}

async function removeOwner(call: Call): Promise<Response> {
  const fields = await readSessionForm(call)
  const owned = requireOwner(call)
  return showingRefusals(owned, fields, async () => {
    await deleteOwner(owned.env.DB, owned.owner.id, owned.owner.name)
    return seeOther(`${OWNERS_PATH}?notice=deleted`)
  })
}

function requireOwner(call: Call): OwnedCall {
  const { owner, params } = call
  if (owner !== undefined) return { ...call, owner }
  throw new RegistryError({ code: 'not-found', detail: `no owner ${quote(params.owner ?? '')}` })
}

/** What is refused is said on the page, beside what was filled in. */
async function showingRefusals(
  call: OwnedCall,
  fields: URLSearchParams,
  run: () => Promise<Response>,
): Promise<Response> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof RegistryError) || statusOf(error.fault) >= 500) throw error
    return managePage(call, { status: statusOf(error.fault), problem: error.message, fields })
  }
}

async function managePage(call: OwnedCall, outcome: ManageOutcome = {}): Promise<Response> {
  const { env, owner } = call
  const tokens = await listTokens(env.DB, owner.id)
  // A form changed it, or was the deployment admin's, whose requests do not read it.
  const read = call.request.method === 'GET' ? call.quota : undefined
  const quota = read ?? (await readQuota(env.DB, owner.id))
  if (quota === undefined)
    throw new RegistryError({ code: 'not-found', detail: 'the owner is gone' })
  const title = `Manage ${owner.name}`
  const trail = [{ label: owner.name, href: ownerPath(owner.name) }, { label: 'Manage' }]
  const body = (
    <ManageBody
      call={call}
      tokens={tokens}
      quota={{ quota, limits: limitsOf(env) }}
      outcome={outcome}
    />
  )
  return pageResponse(call, { title, trail, body }, outcome.status)
}
