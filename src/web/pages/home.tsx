// The first page: what this is, and whose packages everybody may see.
import { listPublicOwners, type PublicOwner } from '../../core/owners.ts'
import type { Call, Endpoint } from '../../http/endpoint.ts'
import { formatPath } from '../../http/path.ts'
import { CodeBlock } from '../components/code-block.tsx'
import { Pagination, parsePage } from '../components/pagination.tsx'
import { EmptyState } from '../components/pieces.tsx'
import { pageResponse } from '../respond.ts'

const OWNERS_A_PAGE = 30

export const homeEndpoint: Endpoint = {
  method: 'GET',
  path: '/',
  access: 'open',
  session: true,
  summary: 'What this is, and the public owners',
  handler: home,
}

async function home(call: Call): Promise<Response> {
  const { env, url } = call
  const { page, offset } = parsePage(url, OWNERS_A_PAGE)
  const prefix = (url.searchParams.get('q') ?? '').trim().toLowerCase().slice(0, 40)
  const { owners, more } = await listPublicOwners(env.DB, prefix, { offset, limit: OWNERS_A_PAGE })
  return pageResponse(call, {
    title: 'Cairn',
    description: 'Signed package repositories, served from the edge.',
    search: { action: '/', value: prefix, label: 'owners' },
    body: (
      <>
        {prefix === '' && page === 1 ? (
          <Introduction />
        ) : (
          <h1>{prefix === '' ? 'Public owners' : `Public owners that begin with “${prefix}”`}</h1>
        )}
        {owners.length === 0 ? <NoOwners prefix={prefix} /> : <Owners owners={owners} />}
        <Pagination url={url} page={page} size={OWNERS_A_PAGE} more={more} />
      </>
    ),
  })
}

function Introduction() {
  return (
    <>
      <h1>Packages, signed and close by</h1>
      <p class="lead">
        Cairn is a package registry at the edge. Publish with one line of curl; everybody sees the
        package and a signed index that lists it when the answer is there, and not before.
      </p>
      <ul class="points">
        <li>
          <strong>Find</strong> packages by owner, with their versions, dependencies and contents.
        </li>
        <li>
          <strong>Trust</strong> them: every index is signed, every file has its digests, and every
          change is on record.
        </li>
        <li>
          <strong>Install</strong> them with the client that you have: each repository has the lines
          to copy.
        </li>
      </ul>
      <h2>Public owners</h2>
    </>
  )
}

function Owners({ owners }: { readonly owners: readonly PublicOwner[] }) {
  return (
    <ul class="rows">
      {owners.map(({ name, repositories }) => (
        <li class="split">
          <p class="name">
            <a href={formatPath(name)}>{name}</a>
          </p>
          <ul class="badges" aria-label={`Repositories of ${name}`}>
            {repositories.map((repository) => (
              <li class="badge">
                {repository.type} {repository.name}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  )
}

function NoOwners({ prefix }: { readonly prefix: string }) {
  if (prefix !== '') {
    return (
      <EmptyState title="No such owner" level={2}>
        <p>
          No public owner begins with “{prefix}”. Private ones are shown at their own address, to
          readers who are signed in. <a href="/">Show all public owners</a>
        </p>
      </EmptyState>
    )
  }
  return (
    <EmptyState title="No public owners yet" level={2}>
      <p>The operator of this registry makes the first one with the admin token:</p>
      <CodeBlock
        text={
          'curl --fail-with-body -X PUT -H "Authorization: Bearer $TOKEN" ' +
          '$URL/api/v1/owners/acme -d \'{"visibility":"public"}\''
        }
        label="the command that makes an owner"
      />
    </EmptyState>
  )
}
