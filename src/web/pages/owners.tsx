// All owners, private ones too, and the form that makes one: for the deployment admin.
import { RegistryError, statusOf } from '../../core/errors.ts'
import { parseOwnerName } from '../../core/names.ts'
import { createOwner, type ListedOwner, listOwners, parseVisibility } from '../../core/owners.ts'
import type { Call, Endpoint } from '../../http/endpoint.ts'
import { readSessionForm } from '../../http/session.ts'
import { CsrfField, FormError, TextField } from '../components/form.tsx'
import { Pagination, parsePage } from '../components/pagination.tsx'
import { Badge, Bytes, Time } from '../components/pieces.tsx'
import { VisibilityChoice } from '../components/visibility.tsx'
import { formatCount } from '../format.ts'
import { managePath, OWNERS_PATH, ownerPath } from '../paths.ts'
import { pageResponse, seeOther } from '../respond.ts'

const OWNERS_A_PAGE = 50

export const ownersEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: OWNERS_PATH,
    access: 'deployment-admin',
    session: true,
    summary: 'All owners, for people',
    handler: (call) => ownersPage(call),
  },
  {
    method: 'POST',
    path: OWNERS_PATH,
    access: 'deployment-admin',
    session: true,
    summary: 'Create an owner with a form',
    handler: create,
  },
]

async function create(call: Call): Promise<Response> {
  const fields = await readSessionForm(call)
  const given = fields.get('name')?.trim() ?? ''
  try {
    const name = parseOwnerName(given)
    await createOwner(call.env.DB, name, parseVisibility(fields.get('visibility')))
    return seeOther(managePath(name))
  } catch (error) {
    if (!(error instanceof RegistryError) || statusOf(error.fault) >= 500) throw error
    return ownersPage(call, { text: error.message, status: statusOf(error.fault), given })
  }
}

interface Refused {
  readonly text: string
  readonly status: number
  readonly given: string
}

async function ownersPage(call: Call, refused?: Refused): Promise<Response> {
  const { env, session, url } = call
  const { page, offset } = parsePage(url, OWNERS_A_PAGE)
  const { owners, total } = await listOwners(env.DB, { limit: OWNERS_A_PAGE, offset })
  const body = (
    <>
      <h1>All owners</h1>
      {owners.length > 0 && <Owners owners={owners} />}
      <Pagination url={url} page={page} size={OWNERS_A_PAGE} total={total} />
      {session !== undefined && (
        <section>
          <h2>New owner</h2>
          <FormError text={refused?.text} />
          <form class="panel narrow" method="post" action={OWNERS_PATH}>
            <CsrfField token={session.csrfToken} />
            <TextField
              name="name"
              label="Name"
              hint="1 to 40 letters, digits, dots, underscores and hyphens"
              value={refused?.given}
              maxLength={40}
              required
            />
            <VisibilityChoice chosen="public" />
            <button class="primary" type="submit">
              Create
            </button>
          </form>
        </section>
      )}
    </>
  )
  const trail = [{ label: 'All owners' }]
  return pageResponse(call, { title: 'All owners', trail, body }, refused?.status)
}

function Owners({ owners }: { readonly owners: readonly ListedOwner[] }) {
  return (
    <ul class="rows">
      {owners.map(({ name, visibility, createdAt, quota: { used } }) => (
        <li class="split">
          <p>
            <a class="name" href={ownerPath(name)}>
              {name}
            </a>{' '}
            <Badge {...(visibility === 'private' ? { kind: 'warn' } : {})}>{visibility}</Badge>
          </p>
          <p class="aside">
            {formatCount(used.files, 'file')}, <Bytes size={used.file_bytes} /> ·{' '}
            <Time at={createdAt} /> ·{' '}
            <a href={managePath(name)}>
              Manage<span class="unseen"> {name}</span>
            </a>
          </p>
        </li>
      ))}
    </ul>
  )
}
