// An owner's packages: searched, narrowed, sorted, page by page; and the owner's repositories.
import { OWNER_OVERVIEW, type OwnerOverview } from '../../core/packages/overview.ts'
import {
  type FoundPackage,
  type PackageSearch,
  searchPackages,
} from '../../core/packages/search.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { keptList, keptStart } from '../../http/kept-list.ts'
import { findPackageType, packageTypes } from '../../types/registration.ts'
import { Pagination, parsePageNumber } from '../components/pagination.tsx'
import { Badge, EmptyState, Time } from '../components/pieces.tsx'
import { PublishPanel } from '../components/usage.tsx'
import { formatCount } from '../format.ts'
import { managePath, ownerPath, packageFromPath, repositoryPath, uploadPath } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import { viewerOf } from '../viewer.ts'

const PACKAGES_A_PAGE = 30
const MAX_QUERY = 100

export const ownerEndpoint = ownedEndpoint<OwnerOverview>({
  method: 'GET',
  path: '/:owner{[A-Za-z0-9][A-Za-z0-9._-]*}',
  access: 'read',
  summary: "An owner's packages, for people",
  resource: () => ({ sql: OWNER_OVERVIEW, parameters: [] }),
  handler: show,
})

type Call = OwnedCall<OwnerOverview>

interface Filter {
  readonly q: string
  readonly type: string
  readonly repository: string
  readonly sort: PackageSearch['sort']
}

async function show(call: Call): Promise<Response> {
  const { owner, url } = call
  const filter = parseFilter(url)
  const page = parsePageNumber(url)
  const search = {
    described: true as const,
    ownerId: owner.id,
    text: filter.q || undefined,
    type: filter.type || undefined,
    repository: filter.repository || undefined,
    sort: filter.sort,
    page: { limit: PACKAGES_A_PAGE, offset: (page - 1) * PACKAGES_A_PAGE },
  }
  const { packages, total, more } = await keptList(call, 'packages-1', search, async (reader) => {
    const start = filter.sort === 'name' ? await keptStart(call, search, 'packages') : undefined
    return searchPackages(reader, { ...search, start })
  })
  const { repositories = [] } = call.resource ?? {}
  const narrowed = filter.q !== '' || filter.type !== '' || filter.repository !== ''
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
              <FilterForm owner={owner.name} filter={filter} repositories={repositories} />
            )}
            {total > 0 && (
              <p class="muted small" role="status">
                {more && 'Many names match, the first of which are looked at: '}
                {formatCount(total, 'package')}
                {narrowed && ' found'}
              </p>
            )}
            {packages.length > 0 && (
              <Packages owner={owner.name} packages={packages} from={filter.repository} />
            )}
            {packages.length === 0 &&
              (narrowed || page > 1 ? <NothingFound call={call} /> : <NothingYet call={call} />)}
            <Pagination
              url={url}
              page={page}
              more={packages.length === PACKAGES_A_PAGE && page * PACKAGES_A_PAGE < total}
            />
          </div>
          <aside>
            <Repositories owner={owner.name} repositories={repositories} />
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

function parseFilter({ searchParams }: URL): Filter {
  const text = (name: string) => (searchParams.get(name) ?? '').trim().slice(0, MAX_QUERY)
  return {
    q: text('q'),
    type: text('type'),
    repository: text('repository'),
    sort: searchParams.get('sort') === 'newest' ? 'newest' : 'name',
  }
}

interface FilterFormProps extends Pick<OwnerOverview, 'repositories'> {
  readonly owner: string
  readonly filter: Filter
}

function FilterForm({ owner, filter, repositories }: FilterFormProps) {
  const names = [...new Set(repositories.map(({ name }) => name))]
  return (
    <search>
      <form class="filters" method="get" action={ownerPath(owner)} data-instant>
        <label class="grow">
          Search by name
          <input type="search" name="q" value={filter.q} maxlength={MAX_QUERY} />
        </label>
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
        <Choice
          label="Sort"
          name="sort"
          chosen={filter.sort}
          any="By name"
          options={[{ value: 'newest', label: 'Newest first' }]}
        />
        <button type="submit">Search</button>
      </form>
    </search>
  )
}

interface Option {
  readonly value: string
  readonly label: string
}

const TYPES: readonly Option[] = packageTypes.map(({ type }) => ({
  value: type,
  label: titleOf(type),
}))

function titleOf(type: string): string {
  return findPackageType(type)?.view?.title ?? type
}

interface ChoiceProps {
  readonly label: string
  readonly name: string
  readonly chosen: string
  /** What it is called to choose none of them. */
  readonly any: string
  readonly options: readonly Option[]
}

function Choice({ label, name, chosen, any, options }: ChoiceProps) {
  return (
    <label>
      {label}
      <select name={name}>
        <option value="">{any}</option>
        {options.map((option) => (
          <option value={option.value} selected={option.value === chosen}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  )
}

interface PackagesProps {
  readonly owner: string
  readonly packages: readonly FoundPackage[]
  /** The repository that was chosen, or empty. */
  readonly from: string
}

function Packages({ owner, packages, from }: PackagesProps) {
  return (
    <ul class="rows">
      {packages.map(({ type, name, shownName, description, latest, versions }) => (
        <li class="split">
          <div>
            <p>
              <a class="name" href={packageFromPath(owner, type, name, from)}>
                {shownName}
              </a>{' '}
              <span class="version">{latest.shownVersion}</span>
            </p>
            {description !== null && <p>{description}</p>}
            <ul class="badges" aria-label="Where it is">
              {packageTypes.length > 1 && <li class="badge">{titleOf(type)}</li>}
              {latest.repositories.map((each) => (
                <li class="badge">{each}</li>
              ))}
              {latest.architectures.map((each) => (
                <li class="badge accent">{each}</li>
              ))}
            </ul>
          </div>
          <p class="aside">
            <Time at={latest.createdAt} />
            {versions > 1 && <span class="line">{formatCount(versions, 'version')}</span>}
          </p>
        </li>
      ))}
    </ul>
  )
}

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
      <p class="muted small">Each has its signing keys, setup instructions and latest changes.</p>
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
      {packageTypes.map((packageType) => (
        <PublishPanel call={call} packageType={packageType} />
      ))}
    </>
  )
}
