// What was published and removed of an owner or of a repository, newest first; for who manages the owner also by which
// token. Pages follow each other by their last entry, so that each costs the same, however long the log is.
import { findIfNamed, type ResourceQuery } from '../../core/access/resource-query.ts'
import {
  type History,
  type HistoryEntry,
  type HistoryState,
  OWNER_HISTORY_STATE,
  repositoryHistoryState,
} from '../../core/packages/history.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint, type Params } from '../../http/endpoint.ts'
import {
  describeChange,
  findHistory,
  formatAfter,
  parseAfter,
  versionPageOf,
} from '../../http/history.ts'
import { packageTypes } from '../../types/registration.ts'
import type { PackageType } from '../../types/type.ts'
import { EmptyState, Time } from '../components/pieces.tsx'
import { feedPath, historyPath, ownerPath, repositoryPath } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import { viewerOf } from '../viewer.ts'

const ENTRIES_A_PAGE = 50

/** Of whose history a page tells; without a repository of the owner's. */
interface Subject {
  readonly type?: string
  readonly repository?: string
}

export const historyPageEndpoints: readonly Endpoint[] = [
  endpointOf(
    '/:owner/-/history',
    () => OWNER_HISTORY_STATE,
    () => ({}),
  ),
  ...packageTypes.flatMap(({ type, repositories: naming }: PackageType) =>
    naming === undefined
      ? []
      : endpointOf(
          `/:owner/-/history/${type}/${naming.path}`,
          (params) => findIfNamed(() => repositoryHistoryState(type, naming.parseName(params))),
          (params) => ({ type, repository: naming.parseName(params) }),
        ),
  ),
]

function endpointOf(
  path: string,
  resource: (params: Params) => ResourceQuery,
  subjectOf: (params: Params) => Subject,
): Endpoint {
  return ownedEndpoint<HistoryState>({
    method: 'GET',
    path,
    access: 'read',
    summary: 'What was published and removed, for people',
    resource,
    handler: (call) => show(call, subjectOf(call.params)),
  })
}

async function show(call: OwnedCall<HistoryState>, subject: Subject): Promise<Response> {
  const { owner, url } = call
  const after = parseAfter(url)
  const manages = viewerOf(call)?.mayManage === true
  const history = await findHistory(call, { limit: ENTRIES_A_PAGE, after }, manages)
  const { type, repository } = subject
  const place =
    type === undefined || repository === undefined
      ? []
      : [{ label: repository, href: repositoryPath(owner.name, type, repository) }]
  const name = repository ?? owner.name
  return pageResponse(call, {
    title: `History of ${name}`,
    trail: [{ label: owner.name, href: ownerPath(owner.name) }, ...place, { label: 'history' }],
    search: { action: ownerPath(owner.name), value: '', label: owner.name },
    body: (
      <>
        <h1>History of {name}</h1>
        <p class="muted">
          Newest first. <a href={feedPath(owner.name, type, repository)}>Atom feed</a>
          {repository !== undefined && (
            <>
              {' · '}
              <a href={historyPath(owner.name)}>All of {owner.name}</a>
            </>
          )}
        </p>
        <Entries
          ownerName={owner.name}
          history={history}
          first={after === undefined}
          manages={manages}
        />
        <Older history={history} path={url.pathname} />
      </>
    ),
  })
}

interface EntriesProps {
  readonly ownerName: string
  readonly history: History
  readonly first: boolean
  readonly manages: boolean
}

function Entries({ ownerName, history: { entries }, first, manages }: EntriesProps) {
  if (entries.length === 0) {
    return (
      <EmptyState title={first ? 'No changes yet' : 'No older changes'}>
        <p>Whatever is published or removed is listed here.</p>
      </EmptyState>
    )
  }
  return (
    <ul class="rows">
      {entries.map((entry) => (
        <li class="split">
          <p>
            <Change ownerName={ownerName} entry={entry} />
          </p>
          <p class="aside">
            {manages && `${tokenOf(entry)} · `}
            <Time at={entry.at} exact />
          </p>
        </li>
      ))}
    </ul>
  )
}

function Change({
  ownerName,
  entry,
}: {
  readonly ownerName: string
  readonly entry: HistoryEntry
}) {
  const page = versionPageOf(ownerName, entry)
  const text = describeChange(entry)
  return page === undefined ? <span>{text}</span> : <a href={page}>{text}</a>
}

/** Who it was, for those who manage tokens. */
function tokenOf({ by, tokenName }: HistoryEntry): string {
  if (by === '') return 'by the registry'
  if (by === 'admin') return 'by the admin token'
  return tokenName === null ? `by the deleted token ${by}` : `by the token ${tokenName}`
}

function Older({ history, path }: { readonly history: History; readonly path: string }) {
  const last = history.entries.at(-1)
  if (!history.more || last === undefined) return null
  return (
    <nav class="pages" aria-label="Pages">
      <a class="button" rel="next" href={`${path}?after=${encodeURIComponent(formatAfter(last))}`}>
        Older
      </a>
    </nav>
  )
}
