// The page of a version, from what was read of it.
import { type PackageFile, positionOf } from '../../core/packages/detail.ts'
import type { Links } from '../../core/packages/links.ts'
import type { PackageOverview } from '../../core/packages/overview.ts'
import type { Readme } from '../../formats/text/readme.ts'
import type { OwnedCall } from '../../http/endpoint.ts'
import type { PackageType } from '../../types/type.ts'
import type { PackageDescription } from '../../types/view.ts'
import { Pagination } from '../components/pagination.tsx'
import { Badge, type Fact, Facts, Time } from '../components/pieces.tsx'
import { InstallPanel } from '../components/usage.tsx'

import { Entries, type FindHref, factOf } from '../components/values.tsx'
import {
  contentsPagePath,
  packagePath,
  readmePath,
  removePath,
  repositoryPath,
  versionsPath,
} from '../paths.ts'
import { viewerOf } from '../viewer.ts'
import { Contents, type ShownContents } from './package-contents.tsx'
import { Files } from './package-files.tsx'
import { Places } from './package-places.tsx'
import { ReadmeSection } from './package-readme.tsx'

interface PackageBodyProps {
  readonly call: OwnedCall
  readonly packageType: PackageType
  readonly overview: PackageOverview
  readonly files: readonly PackageFile[]
  readonly description: PackageDescription
  readonly links: Links
  /** Of the first file; undefined for types that keep no lists. */
  readonly contents: ShownContents | undefined
  readonly readme: Readme | undefined
  readonly page: number
  /** Files of a page. */
  readonly pageSize: number
}

export function PackageBody(props: PackageBodyProps) {
  const { call, packageType, overview, files, description, page, pageSize } = props
  const facts = description.facts.map((fact) => factOf(fact, hrefsOf(props)))
  const lastFile = files.at(-1)
  return (
    <>
      <div class="title">
        <h1>{overview.shownName}</h1>
        <span class="version">{overview.shownVersion}</span>
        <Badge>{packageType.view?.title ?? packageType.type}</Badge>
        <LatestBadge {...props} />
        {overview.tags
          .filter((tag) => tag !== 'latest')
          .map((tag) => (
            <Badge>{tag}</Badge>
          ))}
        {call.owner.visibility === 'private' && <Badge kind="warn">private</Badge>}
      </div>
      <Marks {...props} />
      {description.summary !== '' && <p class="lead">{description.summary}</p>}
      <div class="columns">
        <div>
          <Install {...props} />
          {page === 1 && (
            <Places
              owner={call.owner.name}
              packageType={packageType}
              packageName={overview.name}
              repositories={overview.repositories}
            />
          )}
          <Files
            owner={call.owner.name}
            packageType={packageType}
            overview={overview}
            files={files}
            total={overview.fileCount}
            removable={mayRemove(call)}
          />
          <Pagination
            url={call.url}
            page={page}
            size={pageSize}
            total={overview.fileCount}
            last={lastFile && positionOf(lastFile)}
          />
          <FirstContents {...props} />
          {props.readme !== undefined && (
            <ReadmeSection
              readme={props.readme}
              href={readmePath(call.owner.name, packageType.type, overview.name, overview.version)}
            />
          )}
          <Relations {...props} />
          <Dependents {...props} />
        </div>
        <aside>
          <section class="panel">
            <h2>About</h2>
            <Facts facts={[...facts, ...placesOf(props)]} />
          </section>
          <Versions owner={call.owner.name} packageType={packageType} overview={overview} />
          {mayRemove(call) && (
            <p>
              <a
                class="button danger"
                href={removePath(
                  call.owner.name,
                  packageType.type,
                  overview.name,
                  overview.version,
                )}
              >
                Remove this version
              </a>
            </p>
          )}
        </aside>
      </div>
    </>
  )
}

/** Also of the repository to install from, which may have a lower version than another. */
function LatestBadge({ call, overview }: PackageBodyProps) {
  if (overview.isLatest === 1) return <Badge kind="accent">latest</Badge>
  if (overview.isLatestThere !== 1) return null
  return <Badge kind="accent">latest in {call.url.searchParams.get('from')}</Badge>
}

/** What became of the version after it was published. */
function Marks({ packageType, overview }: PackageBodyProps) {
  return (
    <>
      {Object.entries(packageType.view?.marks ?? {}).map(([name, { label, isFlag }]) => {
        const value = overview.marks[name]
        if (value === undefined) return null
        return (
          <p class="notice">
            <strong>{label}</strong>
            {!isFlag && `: ${value}`}
          </p>
        )
      })}
    </>
  )
}

function FirstContents({ call, packageType, overview, files, contents }: PackageBodyProps) {
  if (contents === undefined) return null
  const { name, version } = overview
  const hrefOf = (sha256: string) =>
    contentsPagePath(call.owner.name, packageType.type, name, version, sha256)
  return <Contents files={files} contents={contents} hrefOf={hrefOf} />
}

function mayRemove(call: OwnedCall): boolean {
  return viewerOf(call)?.mayWrite === true
}

/** Where names lead; the page's own package has no link to itself. */
function hrefsOf({ call, packageType, overview, links }: PackageBodyProps): FindHref {
  return (name) => {
    const target = links.targets.get(name)
    if (target === undefined || target === overview.name) return undefined
    return packagePath(call.owner.name, packageType.type, target)
  }
}

function repositoriesOf(files: readonly PackageFile[]): readonly string[] {
  const names = files.flatMap(({ repository }) => (repository === null ? [] : [repository]))
  return [...new Set(names)]
}

/**
 * From the repository that the address names, or the first that has it. Of the package as such it may be any that has
 * a version of it: the page shows the one that is installed from there.
 */
function Install({ call, packageType, overview, files }: PackageBodyProps) {
  const having = repositoriesOf(files)
  const all = overview.repositories.map(({ name }) => name)
  const repositories = call.params.version === undefined && all.length > 0 ? all : having
  const wanted = call.url.searchParams.get('from') ?? ''
  const repository = repositories.find((name) => name === wanted) ?? having[0]
  const architectures = new Set(
    files.filter((file) => file.repository === repository).map((file) => file.architecture),
  )
  const [first] = files
  const subject = {
    ...(repository === undefined ? {} : { repository }),
    packageName: overview.shownName,
    // Of the package as such: whoever installs it wants its upgrades too.
    ...(call.params.version === undefined ? {} : { version: overview.shownVersion }),
    architectures: [...architectures],
    ...(first === undefined
      ? {}
      : { file: { version: overview.shownVersion, name: first.shownName } }),
  }
  return (
    <>
      {repositories.length > 1 && (
        <nav class="choice" aria-label="Install from">
          <span class="muted">Install from</span>
          {repositories.map((name) => (
            <a
              href={`?from=${encodeURIComponent(name)}`}
              aria-current={name === repository ? 'true' : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
      )}
      <InstallPanel call={call} packageType={packageType} subject={subject} />
    </>
  )
}

function placesOf({ call, packageType, files, overview }: PackageBodyProps): Fact[] {
  const architectures = [...new Set(files.map((file) => file.architecture))].filter(Boolean)
  const repositories = repositoriesOf(files)
  const places: Fact[] = [{ label: 'Published', value: <Time at={overview.createdAt} /> }]
  if (repositories.length > 0) {
    const value = repositories.map((name) => (
      <span class="line">
        {packageType.view?.repository === undefined ? (
          name
        ) : (
          <a href={repositoryPath(call.owner.name, packageType.type, name)}>{name}</a>
        )}
      </span>
    ))
    places.unshift({ label: 'Repositories', value })
  }
  if (architectures.length > 0) {
    const value = (
      <span class="badges">
        {architectures.map((name) => (
          <Badge kind="accent">{name}</Badge>
        ))}
      </span>
    )
    places.unshift({ label: 'Architectures', value })
  }
  return places
}

function Relations(props: PackageBodyProps) {
  const { description } = props
  const hrefOf = hrefsOf(props)
  return (
    <>
      {description.relations.map(({ title, entries }) => (
        <section>
          <h2>
            {title} <span class="muted small">{entries.length}</span>
          </h2>
          <Entries entries={entries} hrefOf={hrefOf} />
        </section>
      ))}
    </>
  )
}

function Dependents({ call, packageType, links }: PackageBodyProps) {
  if (packageType.view?.links === undefined) return null
  const entries = links.dependents.map((name) => ({ text: name, name }))
  if (entries.length === 0) return null
  return (
    <section>
      <h2>Required by</h2>
      <Entries
        entries={entries}
        hrefOf={(name) => packagePath(call.owner.name, packageType.type, name)}
      />
      {links.moreDependents && <p class="muted">More packages need it, which are not shown.</p>}
    </section>
  )
}

interface VersionsProps {
  readonly owner: string
  readonly packageType: PackageType
  readonly overview: PackageOverview
}

function Versions({ owner, packageType, overview }: VersionsProps) {
  const { name, versions, versionCount } = overview
  return (
    <section class="panel">
      <h2>Versions</h2>
      <ul class="plain-list">
        {versions.map(({ version, shownVersion, createdAt }) => (
          <li class="ends">
            <a
              class="mono"
              href={packagePath(owner, packageType.type, name, version)}
              aria-current={version === overview.version ? 'true' : undefined}
            >
              {shownVersion}
            </a>
            <span class="muted small">
              <Time at={createdAt} />
            </span>
          </li>
        ))}
      </ul>
      {versionCount > versions.length && (
        <p>
          <a href={versionsPath(owner, packageType.type, name)}>All {versionCount} versions</a>
        </p>
      )}
    </section>
  )
}
