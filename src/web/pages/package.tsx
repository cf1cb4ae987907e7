// The page of a package in one version. Reads the rows of both in three statements, that of the access
// check included. The page knows no type: what its files' metadata say comes from the type's view.

import { NOTHING, type ResourceQuery } from '../../core/access/resource-query.ts'
import { type PackageFile, readFilesAndReadme } from '../../core/packages/detail.ts'
import { findLinks, type Links } from '../../core/packages/links.ts'
import { PACKAGE_OVERVIEW, type PackageOverview } from '../../core/packages/overview.ts'
import { type OwnedCall, ownedEndpoint, type Params } from '../../http/endpoint.ts'
import { findPackageType } from '../../types/registration.ts'
import type { PackageType } from '../../types/type.ts'
import { findVersionNames } from '../../types/version-names.ts'
import type { PackageDescription } from '../../types/view.ts'
import { parsePage } from '../components/pagination.tsx'
import { ownerPath, packagePath } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import { absentPackage, absentVersion } from './package-absent.tsx'
import { PackageBody } from './package-body.tsx'
import { findContents } from './package-contents.tsx'

const FILES_A_PAGE = 30

const PACKAGE = '/:owner/-/packages/:type/:name'

export const packageEndpoint = ownedEndpoint<PackageOverview>({
  method: 'GET',
  path: `${PACKAGE}/:version`,
  // Without a version: the latest, or that under the tag `latest`.
  aliases: [PACKAGE],
  access: 'read',
  summary: 'A version of a package, for people',
  resource: findPackage,
  handler: show,
})

/**
 * For a path whose package may have no such version, or no version named at all: then that of the repository from
 * which to install, if one is chosen.
 */
export function findPackage(params: Params, query: URLSearchParams): ResourceQuery {
  const names = findVersionNames(params)
  if (names === undefined) return NOTHING
  const { type, name, foldedName, version, foldedVersion } = names
  const parameters = [type, name, foldedName, version, foldedVersion, query.get('from') ?? '']
  return { sql: PACKAGE_OVERVIEW, parameters }
}

async function show(call: OwnedCall<PackageOverview>): Promise<Response> {
  const { env, owner, params, resource, url } = call
  const packageType = findPackageType(params.type ?? '')
  if (packageType === undefined || resource === undefined) return absentPackage(call)
  const { versionId } = resource
  if (versionId === null) return absentVersion(call, resource)
  const { page, ...place } = parsePage(url, FILES_A_PAGE, true)
  // The primary, as what was found: a replica may not have the version yet.
  const { files, readme } = await readFilesAndReadme(env.DB, versionId, {
    limit: FILES_A_PAGE,
    ...place,
  })
  const description = describe(packageType, resource, files)
  const [first] = files
  const [links, contents] = await Promise.all([
    findLinksOf(call, packageType, resource, description),
    packageType.view?.contents && first !== undefined ? findContents(env.BLOBS, first) : undefined,
  ])
  const { shownName, shownVersion } = resource
  return pageResponse(call, {
    title: `${shownName} ${shownVersion}`,
    description: description.summary || `${shownName} of ${owner.name}`,
    trail: [
      { label: owner.name, href: ownerPath(owner.name) },
      { label: shownName, href: packagePath(owner.name, packageType.type, resource.name) },
      { label: shownVersion },
    ],
    search: { action: ownerPath(owner.name), value: '', label: owner.name },
    body: (
      <PackageBody
        call={call}
        packageType={packageType}
        overview={resource}
        files={files}
        description={description}
        links={links}
        contents={contents}
        readme={page === 1 ? readme : undefined}
        page={page}
        pageSize={FILES_A_PAGE}
      />
    ),
  })
}

function describe(
  { view }: PackageType,
  { name, version }: PackageOverview,
  files: readonly PackageFile[],
): PackageDescription {
  const nothing = { summary: '', facts: [], relations: [], providedNames: [] }
  if (view === undefined || files.length === 0) return nothing
  // Files of one version mostly say the same, so that what is left out is hardly missed.
  const read = files.flatMap(({ metadata, ...file }) =>
    metadata === null ? [] : [{ packageName: name, version, ...file, metadata }],
  )
  return view.describe(read)
}

const NO_LINKS: Links = { targets: new Map(), dependents: [], moreDependents: false }

async function findLinksOf(
  { env, owner }: OwnedCall,
  { type, view }: PackageType,
  { packageId }: PackageOverview,
  { facts, relations, providedNames }: PackageDescription,
): Promise<Links> {
  if (view?.links === undefined) return NO_LINKS
  const named = facts.flatMap(({ values }) =>
    values.map((value) => (value.kind === 'package' ? value.name : undefined)),
  )
  const names = [...named, ...relations.flatMap(({ entries }) => entries.map(({ name }) => name))]
  return findLinks(env.DB, {
    ownerId: owner.id,
    type,
    packageId,
    ...view.links,
    needed: [...new Set(names.filter((name) => name !== undefined))],
    provided: providedNames,
  })
}
