// The page for a package, or a version of one, that does not exist: it leads to the versions or packages
// that do.
import type { PackageOverview } from '../../core/packages/overview.ts'
import type { OwnedCall } from '../../http/endpoint.ts'
import { EmptyState } from '../components/pieces.tsx'
import { ownerPath, packagePath, packagesPath } from '../paths.ts'
import { pageResponse } from '../respond.ts'

export function absentPackage(call: OwnedCall<PackageOverview>): Response {
  const { owner, params } = call
  const { name = '' } = params
  const body = (
    <EmptyState title="No such package" level={1}>
      <p>
        {owner.name} has no package <code>{name}</code>. It may have been removed, or be called
        otherwise.
      </p>
      <p>
        <a href={packagesPath(owner.name, { q: name })}>Search for it</a>
        {' · '}
        <a href={ownerPath(owner.name)}>All packages of {owner.name}</a>
      </p>
    </EmptyState>
  )
  return absent(call, 'No such package', body)
}

export function absentVersion(
  call: OwnedCall<PackageOverview>,
  { name, shownName, versions }: PackageOverview,
): Response {
  const { owner, params } = call
  const { type = '', version = '' } = params
  const body = (
    <EmptyState title="No such version" level={1}>
      <p>
        {shownName} has no version <code>{version}</code>. It may have been removed. There are:
      </p>
      <ul class="links centred">
        {versions.map((each) => (
          <li>
            <a href={packagePath(owner.name, type, name, each.version)}>{each.shownVersion}</a>
          </li>
        ))}
      </ul>
    </EmptyState>
  )
  return absent(call, 'No such version', body)
}

function absent(call: OwnedCall, title: string, body: ReturnType<typeof EmptyState>): Response {
  const { name } = call.owner
  const trail = [{ label: name, href: ownerPath(name) }]
  const search = { action: ownerPath(name), value: '', label: name }
  return pageResponse(call, { title, trail, search, body }, 404)
}
