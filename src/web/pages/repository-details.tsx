// What the page of a repository says beside its packages: its state, its keys, its index files and latest changes.
import type { RepositoryOverview } from '../../core/packages/overview.ts'
import type { OwnedCall } from '../../http/endpoint.ts'
import { keysOf } from '../../http/owner-keys.ts'
import type { PackageType } from '../../types/type.ts'
import type { RepositoryView } from '../../types/view.ts'
import { CodeBlock } from '../components/code-block.tsx'
import { CsrfField } from '../components/form.tsx'
import { Badge, Bytes, Facts, Time } from '../components/pieces.tsx'
import { historyPath, managePath, packagePath } from '../paths.ts'
import { viewerOf } from '../viewer.ts'

export interface RepositoryProps {
  readonly call: OwnedCall
  readonly packageType: PackageType
  readonly view: RepositoryView
  readonly overview: RepositoryOverview
}

export function About({ overview }: Pick<RepositoryProps, 'overview'>) {
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
export function Deletion({ call, packageType: { type }, overview }: RepositoryProps) {
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

export function Keys({ call: { env, owner }, packageType, view }: RepositoryProps) {
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

export function Indexes({ call, view, overview }: RepositoryProps) {
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

export function Changes({ call, packageType, overview }: RepositoryProps) {
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
      <p>
        <a href={historyPath(call.owner.name, packageType.type, overview.name)}>All changes</a>
      </p>
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
