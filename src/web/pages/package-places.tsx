// Which versions the repositories have of a package, and for which architectures.
import type { RepositoryVersions } from '../../core/packages/overview.ts'
import type { PackageType } from '../../types/type.ts'
import { Badge, Time } from '../components/pieces.tsx'
import { packagePath, repositoryPath } from '../paths.ts'

interface PlacesProps {
  readonly owner: string
  readonly packageType: PackageType
  readonly packageName: string
  readonly repositories: readonly RepositoryVersions[]
}

export function Places({ owner, packageType, packageName, repositories }: PlacesProps) {
  const { type, view } = packageType
  if (repositories.length === 0) return null
  return (
    <section>
      <h2>Repositories</h2>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Repository</th>
            <th scope="col">Version</th>
            <th scope="col">Architectures</th>
            <th scope="col" class="wide-only">
              Published
            </th>
          </tr>
        </thead>
        <tbody>
          {repositories.flatMap(({ name, versions }) =>
            versions.map(({ version, shownVersion, architectures, createdAt }, at) => (
              <tr>
                {at === 0 && (
                  <th scope="rowgroup" rowspan={versions.length}>
                    {view?.repository === undefined ? (
                      name
                    ) : (
                      <a href={repositoryPath(owner, type, name)}>{name}</a>
                    )}
                  </th>
                )}
                <td>
                  <a class="mono" href={packagePath(owner, type, packageName, version)}>
                    {shownVersion}
                  </a>
                </td>
                <td>
                  <span class="badges">
                    {architectures.map((architecture) => (
                      <Badge kind="accent">{architecture}</Badge>
                    ))}
                  </span>
                </td>
                <td class="wide-only muted">
                  <Time at={createdAt} />
                </td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </section>
  )
}
