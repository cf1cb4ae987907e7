// Packages as rows of a list: of an owner, or of one of its repositories.
import type { FoundPackage } from '../../core/packages/search.ts'
import { findPackageType, packageTypes } from '../../types/registration.ts'
import { formatCount } from '../format.ts'
import { packageFromPath } from '../paths.ts'
import { Bytes, Time } from './pieces.tsx'

export function titleOf(type: string): string {
  return findPackageType(type)?.view?.title ?? type
}

interface PackageRowsProps {
  readonly owner: string
  readonly packages: readonly FoundPackage[]
  /** The repository that they are listed of, or empty. */
  readonly from: string
  /** Whether the rows are of one repository's own page, which says type and repository once. */
  readonly within?: boolean
}

export function PackageRows({ owner, packages, from, within = false }: PackageRowsProps) {
  return (
    <ul class="rows dense">
      {packages.map(({ type, name, shownName, description, latest, versions }) => (
        <li>
          <p class="what">
            <a class="name" href={packageFromPath(owner, type, name, from)}>
              {shownName}
            </a>{' '}
            <span class="version">{latest.shownVersion}</span>
            {description !== null && <span class="muted about"> {description}</span>}
          </p>
          <ul class="badges" aria-label="Where it is">
            {!within && packageTypes.length > 1 && <li class="badge">{titleOf(type)}</li>}
            {!within && <Names names={latest.repositories} kind="badge" more="repositories" />}
            <Names names={latest.architectures} kind="badge accent" more="architectures" />
          </ul>
          <p class="aside">
            {latest.size !== null && (
              <span>
                <Bytes size={latest.size} />
              </span>
            )}
            {versions > 1 && <span>{formatCount(versions, 'version')}</span>}
            <Time at={latest.createdAt} />
          </p>
        </li>
      ))}
    </ul>
  )
}

/** A row has room for so many of each kind. */
const SHOWN_NAMES = 2

interface NamesProps {
  readonly names: readonly string[]
  readonly kind: string
  readonly more: string
}

function Names({ names, kind, more }: NamesProps) {
  const rest = names.slice(names.length > SHOWN_NAMES + 1 ? SHOWN_NAMES : names.length)
  return (
    <>
      {names.slice(0, names.length - rest.length).map((name) => (
        <li class={kind}>{name}</li>
      ))}
      {rest.length > 0 && (
        <li class={kind} title={rest.join(', ')}>
          {`${rest.length} more ${more}`}
        </li>
      )}
    </>
  )
}
