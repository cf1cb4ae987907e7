// A repository: all that it holds, page by page and searched; how to use it, what signs it, and what changed last.
import { NOTHING, type ResourceQuery } from '../../core/access/resource-query.ts'
import { RegistryError } from '../../core/errors.ts'
import { REPOSITORY_OVERVIEW, type RepositoryOverview } from '../../core/packages/overview.ts'
import { packageAfter, searchPackages } from '../../core/packages/search.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint, type Params } from '../../http/endpoint.ts'
import { keptList, keptStart } from '../../http/kept-list.ts'
import { packageTypes } from '../../types/registration.ts'
import type { PackageType, RepositoryNaming } from '../../types/type.ts'
import type { RepositoryView } from '../../types/view.ts'
import { FilterForm, queryOf, type Sort, SortChoice, sortOf } from '../components/filter-form.tsx'
import { PackageRows } from '../components/package-rows.tsx'
import { Pagination, parsePage } from '../components/pagination.tsx'
import { Badge, EmptyState } from '../components/pieces.tsx'
import { InstallPanel, PublishPanel } from '../components/usage.tsx'
import { formatCount } from '../format.ts'
import { ownerPath, repositoryPath } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import {
  About,
  Changes,
  Deletion,
  Indexes,
  Keys,
  type RepositoryProps,
} from './repository-details.tsx'

const PACKAGES_A_PAGE = 30

export const repositoryPageEndpoints: readonly Endpoint[] = packageTypes.flatMap(
  (packageType: PackageType) => {
    const { repositories, view } = packageType
    if (repositories === undefined || view?.repository === undefined) return []
    return [endpointOf(packageType, repositories, view.repository)]
  },
)

function endpointOf(
  packageType: PackageType,
  naming: RepositoryNaming,
  view: RepositoryView,
): Endpoint {
  return ownedEndpoint<RepositoryOverview>({
    method: 'GET',
    path: `/:owner/-/${packageType.type}/${naming.path}`,
    access: 'read',
    summary: 'A repository, for people',
    resource: (params) => findRepository(packageType.type, naming, params),
    handler: async (call) => show(call, packageType, view, naming),
  })
}

function findRepository(type: string, naming: RepositoryNaming, params: Params): ResourceQuery {
  try {
    return { sql: REPOSITORY_OVERVIEW, parameters: [type, naming.parseName(params)] }
  } catch (error) {
    if (error instanceof RegistryError) return NOTHING
    throw error
  }
}

async function show(
  call: OwnedCall<RepositoryOverview>,
  packageType: PackageType,
  view: RepositoryView,
  naming: RepositoryNaming,
): Promise<Response> {
  const { owner, resource: overview } = call
  // A name that none can have is refused with what is wrong with it.
  const name = overview?.name ?? naming.parseName(call.params)
  const body =
    overview === undefined ? (
      <Absent call={call} packageType={packageType} name={name} />
    ) : (
      <Repository
        call={call}
        packageType={packageType}
        view={view}
        overview={overview}
        list={await readList(call, packageType.type, name)}
      />
    )
  return pageResponse(
    call,
    {
      title: `${owner.name}/${name}`,
      description: `The ${packageType.view?.title ?? packageType.type} repository ${name} of ${owner.name}.`,
      trail: [{ label: owner.name, href: ownerPath(owner.name) }, { label: name }],
      body,
    },
    overview === undefined ? 404 : 200,
  )
}

/** A page of what the repository holds, and what was asked for. */
type List = Awaited<ReturnType<typeof readList>>

async function readList(call: OwnedCall<RepositoryOverview>, type: string, repository: string) {
  const { owner, url } = call
  const [q, sort]: [string, Sort] = [queryOf(url, 'q'), sortOf(url)]
  const isWhole = q === '' && sort === 'name'
  const { page, ...place } = parsePage(url, PACKAGES_A_PAGE, isWhole)
  const search = {
    ...{
      described: true as const,
      ownerId: owner.id,
      text: q || undefined,
      type,
      repository,
      sort,
    },
    page: { limit: PACKAGES_A_PAGE, ...place },
  }
  const found = await keptList(call, 'packages-2', search, async (reader) => {
    const start = sort === 'name' ? await keptStart(call, search, 'packages') : undefined
    return searchPackages(reader, { ...search, start })
  })
  const last = isWhole ? found.packages.at(-1) : undefined
  return { ...found, q, sort, page, last: last && packageAfter(last) }
}

interface AbsentProps {
  readonly call: OwnedCall
  readonly packageType: PackageType
  readonly name: string
}

function Absent({ call, packageType, name }: AbsentProps) {
  return (
    <>
      <EmptyState title="No such repository yet" level={1}>
        <p>
          {call.owner.name} has no repository <code>{name}</code>. It begins with its first package.{' '}
          <a href={ownerPath(call.owner.name)}>What there is</a>
        </p>
      </EmptyState>
      <PublishPanel call={call} packageType={packageType} subject={{ repository: name }} />
    </>
  )
}

interface ListedProps extends RepositoryProps {
  readonly list: List
}

/** How to use the repository stands above the first page of what it holds, and what else there is to know below. */
function Repository({ list, ...props }: ListedProps) {
  const { call, packageType, overview } = props
  const subject = { repository: overview.name }
  const empty = overview.indexes.length === 0
  const isFirst = list.page === 1 && list.q === ''
  return (
    <>
      <div class="title">
        <h1>{overview.name}</h1>
        <Badge>{packageType.view?.title ?? packageType.type}</Badge>
        {overview.immutable === 1 && <Badge kind="accent">immutable</Badge>}
        {call.owner.visibility === 'private' && <Badge kind="warn">private</Badge>}
      </div>
      <p class="lead">
        A repository of <a href={ownerPath(call.owner.name)}>{call.owner.name}</a>.
      </p>
      <div class="columns">
        <div>
          {empty && (
            <EmptyState title="Nothing here yet">
              <p>It begins with its first package.</p>
            </EmptyState>
          )}
          {!empty && isFirst && (
            <InstallPanel call={call} packageType={packageType} subject={subject} />
          )}
          {!empty && <Packages list={list} {...props} />}
          {isFirst && (
            <>
              <Keys {...props} />
              {!empty && <Indexes {...props} />}
              <Changes {...props} />
              <PublishPanel call={call} packageType={packageType} subject={subject} />
            </>
          )}
        </div>
        <aside>
          <About overview={overview} />
          <Deletion {...props} />
        </aside>
      </div>
    </>
  )
}

function Packages({ call, packageType, overview, list }: ListedProps) {
  const { packages, total, listed, more, page, q, sort, last } = list
  const path = repositoryPath(call.owner.name, packageType.type, overview.name)
  return (
    <section>
      <h2>
        Packages <span class="muted small">{total.toLocaleString('en')}</span>
      </h2>
      {(total > 0 || q !== '') && (
        <FilterForm action={path} label={`Search in ${overview.name}`} q={q}>
          <SortChoice chosen={sort} />
        </FilterForm>
      )}
      {q !== '' && (
        <p class="muted small" role="status">
          {more && 'Many names match, the first of which are looked at: '}
          {formatCount(total, 'package')} found
        </p>
      )}
      {listed < total && (
        <p class="muted small">
          The {listed.toLocaleString('en')} with the newest versions are listed.
        </p>
      )}
      {packages.length === 0 ? (
        <p class="muted">
          {q === '' ? 'It holds no package now.' : 'It holds no such package.'}{' '}
          {(q !== '' || page > 1) && <a href={path}>Show all packages</a>}
        </p>
      ) : (
        <PackageRows owner={call.owner.name} packages={packages} from={overview.name} within />
      )}
      <Pagination url={call.url} page={page} size={PACKAGES_A_PAGE} total={listed} last={last} />
    </section>
  )
}
