// All versions of a package, newest first, page by page.
import { readPackageVersions } from '../../core/packages/detail.ts'
import type { PackageOverview } from '../../core/packages/overview.ts'
import { listingReader } from '../../core/packages/reader.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { Pagination, parsePage } from '../components/pagination.tsx'
import { Time } from '../components/pieces.tsx'
import { formatCount } from '../format.ts'
import { ownerPath, packagePath } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import { findPackage } from './package.tsx'
import { absentPackage } from './package-absent.tsx'

const VERSIONS_A_PAGE = 50

export const versionsEndpoint = ownedEndpoint<PackageOverview>({
  method: 'GET',
  path: '/:owner/-/versions/:type/:name',
  access: 'read',
  summary: 'All versions of a package, for people',
  resource: findPackage,
  handler: show,
})

async function show(call: OwnedCall<PackageOverview>): Promise<Response> {
  const { env, owner, params, resource, url } = call
  if (resource === undefined) return absentPackage(call)
  const { type = '' } = params
  const { name, shownName } = resource
  const { page, ...place } = parsePage(
    url,
    VERSIONS_A_PAGE,
    /^\d{1,15}$/.test(url.searchParams.get('after') ?? ''),
  )
  const { versions, total } = await readPackageVersions(
    listingReader(env.DB, owner.visibility),
    { ownerId: owner.id, type, name, foldedName: name },
    { limit: VERSIONS_A_PAGE, ...place },
  )
  const last = versions.at(-1)
  return pageResponse(call, {
    title: `Versions of ${shownName}`,
    trail: [
      { label: owner.name, href: ownerPath(owner.name) },
      { label: shownName, href: packagePath(owner.name, type, name) },
      { label: 'versions' },
    ],
    search: { action: ownerPath(owner.name), value: '', label: owner.name },
    body: (
      <>
        <h1>Versions of {shownName}</h1>
        <p class="muted">{formatCount(total, 'version')}, newest first</p>
        <ul class="rows">
          {versions.map((version) => (
            <li class="split">
              <p>
                <a class="mono" href={packagePath(owner.name, type, name, version.version)}>
                  {version.shownVersion}
                </a>
              </p>
              <p class="aside">
                {[...version.repositories, ...version.architectures].join(' · ')}{' '}
                <Time at={version.createdAt} />
              </p>
            </li>
          ))}
        </ul>
        <Pagination
          url={url}
          page={page}
          size={VERSIONS_A_PAGE}
          total={total}
          last={last === undefined ? undefined : String(last.id)}
        />
      </>
    ),
  })
}
