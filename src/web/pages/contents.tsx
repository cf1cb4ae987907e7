// All paths that a file of a version holds, as a tree, page by page; and the version's other files.
import { NOTHING, type ResourceQuery } from '../../core/access/resource-query.ts'
import { type ContentsPage, readContents } from '../../core/blobs/contents.ts'
import { RegistryError } from '../../core/errors.ts'
import { CONTENTS_OVERVIEW, type ContentsOverview } from '../../core/packages/contents.ts'
import { type OwnedCall, ownedEndpoint, type Params } from '../../http/endpoint.ts'
import { findPackageType } from '../../types/registration.ts'
import { findVersionNames } from '../../types/version-names.ts'
import { PathTree } from '../components/path-tree.tsx'
import { contentsPagePath, contentsPath, ownerPath, packagePath } from '../paths.ts'
import { pageResponse } from '../respond.ts'

/** Entries of a page, and characters of the list: it has fewer entries where the paths are long. */
const PAGE = { limit: 400, maxLength: 32 * 1024 }

export const contentsEndpoint = ownedEndpoint<ContentsOverview>({
  method: 'GET',
  path: '/:owner/-/contents/:type/:name/:version/:sha256',
  access: 'read',
  summary: 'What a file of a version holds, for people',
  resource: findOverview,
  handler: show,
})

function findOverview(params: Params): ResourceQuery {
  const { sha256 = '' } = params
  const names = findVersionNames(params)
  if (findPackageType(params.type ?? '')?.view?.contents === undefined) return NOTHING
  if (names === undefined || !/^[0-9a-f]{64}$/.test(sha256)) return NOTHING
  const { type, name, foldedName, version, foldedVersion } = names
  const parameters = [type, name, foldedName, version, foldedVersion, sha256]
  return { sql: CONTENTS_OVERVIEW, parameters }
}

async function show(call: OwnedCall<ContentsOverview>): Promise<Response> {
  const { env, owner, params, resource, url } = call
  if (resource === undefined)
    throw absent('no such file of the version, or none with a list of paths')
  const asked = url.searchParams.get('offset') ?? ''
  const offset = /^\d{1,7}$/.test(asked) ? Number(asked) : 0
  const contents = await readContents(env.BLOBS, resource.r2Key, { ...PAGE, offset })
  if (contents === undefined)
    throw absent('what the file holds was not recorded when it was published')
  const { type = '', sha256 = '' } = params
  const { name, shownName, version, shownVersion } = resource
  const file = resource.files.find((each) => each.sha256 === sha256)
  const title = `Contents of ${shownName} ${shownVersion}`
  return pageResponse(call, {
    title,
    trail: [
      { label: owner.name, href: ownerPath(owner.name) },
      { label: shownName, href: packagePath(owner.name, type, name) },
      { label: shownVersion, href: packagePath(owner.name, type, name, version) },
      { label: 'contents' },
    ],
    body: (
      <>
        <h1>{title}</h1>
        <p class="muted">
          {[file?.name, file?.architecture, file?.repository].filter(Boolean).join(' · ')}
        </p>
        <Files call={call} overview={resource} />
        <div class="contents panel">
          <PathTree entries={contents.page} />
        </div>
        <Pages url={url} offset={offset} contents={contents} />
        <p>
          <a href={contentsPath(owner.name, type, name, version, sha256)}>
            The list with checksums, as JSON
          </a>
          {contents.listed < contents.entries &&
            `. It ends after ${contents.listed} of ${contents.entries} paths.`}
        </p>
      </>
    ),
  })
}

interface FilesProps {
  readonly call: OwnedCall
  readonly overview: ContentsOverview
}

function Files({ call: { owner, params }, overview }: FilesProps) {
  const { type = '', sha256: chosen } = params
  if (overview.files.length < 2) return null
  return (
    <nav class="choice" aria-label="File">
      {overview.files.map(({ sha256, name, architecture, repository }) => (
        <a
          href={contentsPagePath(owner.name, type, overview.name, overview.version, sha256)}
          aria-current={sha256 === chosen ? 'true' : undefined}
        >
          {architecture || name}
          {repository !== null && ` in ${repository}`}
        </a>
      ))}
    </nav>
  )
}

interface PagesProps {
  readonly url: URL
  readonly offset: number
  readonly contents: ContentsPage
}

/** By entries and not by number: a page of long paths has fewer of them. */
function Pages({ url, offset, contents: { page, listed, next } }: PagesProps) {
  if (offset === 0 && next === undefined) return null
  const end = Math.floor(Math.max(0, listed - 1) / PAGE.limit) * PAGE.limit
  const shown = (number: number) => number.toLocaleString('en')
  return (
    <nav class="pages" aria-label="Pages">
      {offset > 0 && <a href={url.pathname}>First</a>}
      <span>
        {page.length === 0
          ? `No paths behind ${shown(listed)}`
          : `Paths ${shown(offset + 1)} to ${shown(offset + page.length)} of ${shown(listed)}`}
      </span>
      {next !== undefined && (
        <>
          <a class="button" rel="next" href={`?offset=${next}`}>
            Next
          </a>
          <a href={`?offset=${end}`}>Last</a>
        </>
      )}
    </nav>
  )
}

function absent(detail: string): RegistryError {
  return new RegistryError({ code: 'not-found', detail })
}
