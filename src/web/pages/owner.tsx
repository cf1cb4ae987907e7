// An owner's packages: searched, narrowed, sorted, page by page; and the owner's repositories.
import { OWNER_OVERVIEW, type OwnerOverview } from '../../core/packages/overview.ts'
import { packageAfter, searchPackages } from '../../core/packages/search.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { keptList, keptStart } from '../../http/kept-list.ts'
import { packageTypes } from '../../types/registration.ts'
import type { PackageType } from '../../types/type.ts'
import {
  Choice,
  FilterForm,
  type Option,
  queryOf,
  type Sort,
  SortChoice,
  sortOf,
} from '../components/filter-form.tsx'
import { PackageRows, titleOf } from '../components/package-rows.tsx'
import { Pagination, parsePage } from '../components/pagination.tsx'
import { Badge, EmptyState } from '../components/pieces.tsx'
import { FirstPublishPanel } from '../components/usage.tsx'
import { formatCount } from '../format.ts'
import { historyPath, managePath, ownerPath, repositoryPath, uploadPath } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import { viewerOf } from '../viewer.ts'

const PACKAGES_A_PAGE = 30

export const ownerEndpoint = ownedEndpoint<OwnerOverview>({
  method: 'GET',
  path: '/:owner{[A-Za-z0-9][A-Za-z0-9._-]*}',
  access: 'read',
  summary: "An owner's packages, for people",
  resource: () => ({ sql: OWNER_OVERVIEW, parameters: [] }),
  handler: show,
})

type Call = OwnedCall<OwnerOverview>

/** While one type alone has repositories, the name of one means a single list, which is read as it lies. */
const ONLY_TYPE = onlyTypeWithRepositories()

function onlyTypeWithRepositories(): string | undefined {
  const [only, ...others] = packageTypes.filter(
    ({ repositories }: PackageType) => repositories !== undefined,
  )
  return others.length === 0 ? only?.type : undefined
}

interface Filter {
  readonly q: string
  readonly type: string
  readonly repository: string
  readonly sort: Sort
}

async function show(call: Call): Promise<Response> {
  const { owner, url } = call
  const filter = parseFilter(url)
  const isWhole = filter.q === '' && filter.sort === 'name'
  const { page, ...place } = parsePage(url, PACKAGES_A_PAGE, isWhole)
  const search = {
    described: true as const,
    ownerId: owner.id,
    text: filter.q || undefined,
    type: filter.type || (filter.repository === '' ? undefined : ONLY_TYPE),
    repository: filter.repository || undefined,
    sort: filter.sort,
    page: { limit: PACKAGES_A_PAGE, ...place },
  }
  const { packages, total, more, listed } = await keptList(
    call,
    'packages-2',
    search,
    async (reader) => {
      const start = filter.sort === 'name' ? await keptStart(call, search, 'packages') : undefined
      return searchPackages(reader, { ...search, start })
    },
  )
  const { repositories = [] } = call.resource ?? {}
  const narrowed = filter.q !== '' || filter.type !== '' || filter.repository !== ''
  const last = packages.at(-1)
  return pageResponse(call, {
    title: filter.q === '' ? owner.name : `${filter.q} in ${owner.name}`,
    description: `Packages of ${owner.name}, with setup instructions.`,
    trail: [{ label: owner.name }],
    body: (
      <>
        <div class="title">
          <h1>{owner.name}</h1>
          {owner.visibility === 'private' && <Badge kind="warn">private</Badge>}
          <Actions call={call} />
        </div>
        <div class="columns">
          <div>
            {(total > 0 || narrowed) && (
              <Filters owner={owner.name} filter={filter} repositories={repositories} />
            )}
            {total > 0 && (
              <p class="muted small" role="status">
                {more && 'Many names match, the first of which are looked at: '}
                {formatCount(total, 'package')}
                {narrowed && ' found'}
                {listed < total &&
                  `, of which the ${listed.toLocaleString('en')} with the newest versions are listed`}
              </p>
            )}
            {packages.length > 0 && (
              <PackageRows owner={owner.name} packages={packages} from={filter.repository} />
            )}
            {packages.length === 0 &&
              (narrowed || page > 1 ? <NothingFound call={call} /> : <NothingYet call={call} />)}
            <Pagination
              url={url}
              page={page}
              size={PACKAGES_A_PAGE}
              total={listed}
              last={isWhole && last !== undefined ? packageAfter(last) : undefined}
            />
          </div>
          <aside>
            <Repositories owner={owner.name} repositories={repositories} />
            <p>
              <a href={historyPath(owner.name)}>History</a>
            </p>
          </aside>
        </div>
      </>
    ),
  })
}

/** The buttons need a session of a browser; all others use the API. */
function Actions({ call }: { readonly call: Call }) {
  const viewer = viewerOf(call)
  if (!viewer?.mayWrite) return null
  const { name } = call.owner
  return (
    <p class="actions">
      <a class="button primary" href={uploadPath(name)}>
        Upload
      </a>
      {viewer.mayManage && (
        <a class="button" href={managePath(name)}>
          Manage
        </a>
      )}
    </p>
  )
}

function parseFilter(url: URL): Filter {
  return {
    q: queryOf(url, 'q'),
    type: queryOf(url, 'type'),
    repository: queryOf(url, 'repository'),
    sort: sortOf(url),
  }
}

interface FiltersProps extends Pick<OwnerOverview, 'repositories'> {
  readonly owner: string
  readonly filter: Filter
}

function Filters({ owner, filter, repositories }: FiltersProps) {
  const names = [...new Set(repositories.map(({ name }) => name))]
  return (
    <FilterForm action={ownerPath(owner)} label="Search by name" q={filter.q}>
      {packageTypes.length > 1 && (
        <Choice label="Type" name="type" chosen={filter.type} any="All" options={TYPES} />
      )}
      {names.length > 0 && (
        <Choice
          label="Repository"
          name="repository"
          chosen={filter.repository}
          any="All"
          options={names.map((name) => ({ value: name, label: name }))}
        />
      )}
      <SortChoice chosen={filter.sort} />
    </FilterForm>
  )
}

const TYPES: readonly Option[] = packageTypes.map(({ type }) => ({
  value: type,
  label: titleOf(type),
}))

interface RepositoriesProps extends Pick<OwnerOverview, 'repositories'> {
  readonly owner: string
}

function Repositories({ owner, repositories }: RepositoriesProps) {
  if (repositories.length === 0) return null
  return (
    <section class="panel">
      <h2>Repositories</h2>
      <ul class="plain-list">
        {repositories.map(({ type, name }) => (
          <li>
            <a href={repositoryPath(owner, type, name)}>{name}</a>{' '}
            <span class="muted small">{titleOf(type)}</span>
          </li>
        ))}
      </ul>
      <p class="muted small">
        The page of each lists all that it holds, with its setup and signing keys.
      </p>
    </section>
  )
}

function NothingFound({ call }: { readonly call: Call }) {
  return (
    <EmptyState title="Nothing found">
      <p>
        No package of {call.owner.name} is like that. A search looks for a part of the name.{' '}
        <a href={ownerPath(call.owner.name)}>Show all packages</a>
      </p>
    </EmptyState>
  )
}

function NothingYet({ call }: { readonly call: Call }) {
  return (
    <>
      <EmptyState title="No packages yet">
        <p>The first publish makes the first repository.</p>
      </EmptyState>
      <FirstPublishPanel call={call} />
    </>
  )
}
