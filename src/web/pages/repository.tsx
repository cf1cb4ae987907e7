// A repository: its revision, the keys that sign it, how to use it, and what changed last.

import { NOTHING, type ResourceQuery } from '../../core/access/resource-query.ts'
import { RegistryError } from '../../core/errors.ts'
import { REPOSITORY_OVERVIEW, type RepositoryOverview } from '../../core/packages/overview.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint, type Params } from '../../http/endpoint.ts'
import { keysOf } from '../../http/owner-keys.ts'
import { packageTypes } from '../../types/registration.ts'
import type { PackageType, RepositoryNaming } from '../../types/type.ts'
import type { RepositoryView } from '../../types/view.ts'
import { CodeBlock } from '../components/code-block.tsx'
import { CsrfField } from '../components/form.tsx'
import { Badge, Bytes, EmptyState, Facts, Time } from '../components/pieces.tsx'
import { InstallPanel, PublishPanel } from '../components/usage.tsx'
import { managePath, ownerPath, packagePath, packagesPath } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import { viewerOf } from '../viewer.ts'

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

interface RepositoryProps {
  readonly call: OwnedCall
  readonly packageType: PackageType
  readonly view: RepositoryView
  readonly overview: RepositoryOverview
}

function show(
  call: OwnedCall<RepositoryOverview>,
  packageType: PackageType,
  view: RepositoryView,
  naming: RepositoryNaming,
): Response {
  const { owner, resource: overview } = call
  // A name that none can have is refused with what is wrong with it.
  const name = overview?.name ?? naming.parseName(call.params)
  const body =
    overview === undefined ? (
      <Absent call={call} packageType={packageType} name={name} />
    ) : (
      <Repository call={call} packageType={packageType} view={view} overview={overview} />
    )
  return pageResponse(
    call,
    {
      title: `${owner.name}/${name}`,
      description: `The ${packageType.view?.title ?? packageType.type} repository ${name} of ${owner.name}.`,
      trail: [{ label: owner.name, href: ownerPath(owner.name) }, { label: name }],
      search: { action: ownerPath(owner.name), value: '', label: owner.name },
      body,
    },
    overview === undefined ? 404 : 200,
  )
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

function Repository(props: RepositoryProps) {
  const { call, packageType, overview } = props
  const subject = { repository: overview.name }
  const empty = overview.indexes.length === 0
  return (
    <>
      <div class="title">
        <h1>{overview.name}</h1>
        <Badge>{packageType.view?.title ?? packageType.type}</Badge>
        {overview.immutable === 1 && <Badge kind="accent">immutable</Badge>}
        {call.owner.visibility === 'private' && <Badge kind="warn">private</Badge>}
      </div>
      <p class="lead">
        A repository of <a href={ownerPath(call.owner.name)}>{call.owner.name}</a>.{' '}
        <a
          href={packagesPath(call.owner.name, {
            type: packageType.type,
            repository: overview.name,
          })}
        >
          Its packages
        </a>
      </p>
      <div class="columns">
        <div>
          {empty ? (
            <EmptyState title="Nothing here yet">
              <p>It begins with its first package.</p>
            </EmptyState>
          ) : (
            <InstallPanel call={call} packageType={packageType} subject={subject} />
          )}
          <Keys {...props} />
          {!empty && <Indexes {...props} />}
          <Changes {...props} />
          <PublishPanel call={call} packageType={packageType} subject={subject} />
        </div>
        <aside>
          <About overview={overview} />
          <Deletion {...props} />
        </aside>
      </div>
    </>
  )
}

function About({ overview }: Pick<RepositoryProps, 'overview'>) {
  const { changes, createdAt, immutable, indexes, revision } = overview
  const last = changes[0]
  const size = indexes.reduce((sum, index) => sum + index.size, 0)
  return (
    <section class="panel">
      <h2>About</h2>
      <Facts
        facts={[
          { label: 'Revision', value: String(revision) },
          ...(last === undefined
            ? []
            : [{ label: 'Last change', value: <Time at={last.createdAt} exact /> }]),
          { label: 'Created', value: <Time at={createdAt} /> },
          {
            label: 'Index files',
            value: (
              <>
                {indexes.length}, <Bytes size={size} />
              </>
            ),
          },
          {
            label: 'Files',
            value:
              immutable === 1
                ? 'Immutable: a name never carries other bytes'
                : 'Can be removed, and published again',
          },
        ]}
      />
    </section>
  )
}

/** For who may delete it, while nothing is in it. */
function Deletion({ call, packageType: { type }, overview }: RepositoryProps) {
  const viewer = viewerOf(call)
  if (viewer === null || !viewer.mayManage || overview.isEmpty !== 1) return null
  return (
    <details class="panel">
      <summary>Delete {overview.name}</summary>
      <form
        class="actions"
        method="post"
        action={`${managePath(call.owner.name)}/repositories/delete`}
      >
        <CsrfField token={viewer.csrfToken} />
        <input type="hidden" name="type" value={type} />
        <input type="hidden" name="name" value={overview.name} />
        <p>It holds no packages. Its index goes with it, and the next publish makes it anew.</p>
        <button class="danger" type="submit">
          Delete {overview.name}
        </button>
      </form>
    </details>
  )
}

function Keys({ call: { env, owner }, packageType, view }: RepositoryProps) {
  const { keys } = keysOf(env, owner)
  const named = keys.map((key) => ({
    ...key,
    fileName: packageType.keyFileName?.(key) ?? key.name,
  }))
  return (
    <section>
      <h2>Signing keys</h2>
      <ul class="rows">
        {named.map(({ fileName, fingerprint }, at) => (
          <li>
            <p>
              <a class="mono" href={view.keyPath(owner.name, fileName)} download>
                {fileName}
              </a>{' '}
              {keys.length > 1 && <Badge>{at === 0 ? 'current' : 'previous'}</Badge>}
            </p>
            <p class="muted small">SHA-256 of the public key (DER)</p>
            <CodeBlock text={fingerprint} label={`the fingerprint of ${fileName}`} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Indexes({ call, view, overview }: RepositoryProps) {
  return (
    <section>
      <h2>
        Index files <span class="muted small">{overview.indexes.length}</span>
      </h2>
      <ul class="rows">
        {overview.indexes.map(({ path, size, sha256, changedAt }) => (
          <li>
            <div class="ends">
              <p>
                <a
                  class="mono"
                  href={view.indexPath(call.owner.name, overview.name, path)}
                  download
                >
                  {path}
                </a>
              </p>
              <p class="aside">
                <Bytes size={size} /> · <Time at={changedAt} exact />
              </p>
            </div>
            <details class="small">
              <summary>
                SHA-256<span class="unseen"> of {path}</span>
              </summary>
              <CodeBlock text={sha256} label={`the SHA-256 of ${path}`} />
            </details>
          </li>
        ))}
      </ul>
    </section>
  )
}

const OPERATIONS = {
  publish: { label: 'published', kind: 'accent' },
  remove: { label: 'removed', kind: 'warn' },
  reindex: { label: 'signed anew', kind: undefined },
} as const

function Changes({ call, packageType, overview }: RepositoryProps) {
  if (overview.changes.length === 0) return null
  return (
    <section>
      <h2>Latest changes</h2>
      <ul class="rows tight">
        {overview.changes.map((change) => (
          <li class="split">
            <p>
              <ChangedFile owner={call.owner.name} type={packageType.type} change={change} />{' '}
              <span class="muted small">{change.architecture}</span> <Operation op={change.op} />
            </p>
            <p class="aside">
              revision {change.revision} · <Time at={change.createdAt} exact />
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Operation({ op }: { readonly op: keyof typeof OPERATIONS }) {
  const { label, kind } = OPERATIONS[op]
  return kind === undefined ? <Badge>{label}</Badge> : <Badge kind={kind}>{label}</Badge>
}

interface ChangedFileProps {
  readonly owner: string
  readonly type: string
  readonly change: RepositoryOverview['changes'][number]
}

/** Leads to its version, as long as the file is there. */
function ChangedFile({ owner, type, change }: ChangedFileProps) {
  const { fileName, packageName, version } = change
  if (packageName === null) return <span class="mono">{fileName || 'every index file'}</span>
  return (
    <a class="mono" href={packagePath(owner, type, packageName, version ?? undefined)}>
      {fileName}
    </a>
  )
}
