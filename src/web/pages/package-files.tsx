// The files of a version: where each is, its download, its digests.
import type { PackageFile } from '../../core/packages/detail.ts'
import type { PackageOverview } from '../../core/packages/overview.ts'
import type { PackageType } from '../../types/type.ts'
import { CodeBlock } from '../components/code-block.tsx'
import { Badge, Bytes, Time } from '../components/pieces.tsx'
import { removePath } from '../paths.ts'

interface FilesProps {
  readonly owner: string
  readonly packageType: PackageType
  readonly overview: PackageOverview
  readonly files: readonly PackageFile[]
  readonly total: number
  /** Whether to offer their removal. */
  readonly removable: boolean
}

export function Files(props: FilesProps) {
  const { owner, packageType, overview, files, total, removable } = props
  const { view, type } = packageType
  const { name: packageName, version } = overview
  return (
    <section>
      <h2>
        Files <span class="muted small">{total}</span>
      </h2>
      <ul class="rows">
        {files.map((file) => {
          const href = view?.filePath(owner, { packageName, version, ...file })
          return (
            <li>
              <div class="ends">
                <p>
                  {href === undefined ? (
                    <span class="mono">{file.shownName}</span>
                  ) : (
                    <a class="mono" href={href} download>
                      {file.shownName}
                    </a>
                  )}
                </p>
                <p class="aside">
                  <Bytes size={file.size} /> · <Time at={file.createdAt} />
                </p>
              </div>
              <div class="badges">
                {file.repository !== null && <Badge>{file.repository}</Badge>}
                {file.architecture !== '' && <Badge kind="accent">{file.architecture}</Badge>}
              </div>
              <Digests file={file} />
              {removable && (
                <p class="small">
                  <a href={removePath(owner, type, packageName, version, file.id)}>
                    Remove<span class="unseen"> {nameOf(file)}</span>
                  </a>
                </p>
              )}
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** One name can be there for several architectures. */
function nameOf(file: PackageFile): string {
  return [file.shownName, file.architecture].filter(Boolean).join(' ')
}

function Digests({ file }: { readonly file: PackageFile }) {
  const what = nameOf(file)
  return (
    <details class="small">
      <summary>
        Digests<span class="unseen"> of {what}</span>
      </summary>
      <Digest name="SHA-256" value={file.sha256} what={what} />
      {file.sha512 && <Digest name="SHA-512" value={file.sha512} what={what} />}
      {file.sha1 && <Digest name="SHA-1" value={file.sha1} what={what} />}
      {file.md5 && <Digest name="MD5" value={file.md5} what={what} />}
    </details>
  )
}

interface DigestProps {
  readonly name: string
  readonly value: string
  readonly what: string
}

function Digest({ name, value, what }: DigestProps) {
  return (
    <>
      <p class="muted">{name}</p>
      <CodeBlock text={value} label={`${name} of ${what}`} />
    </>
  )
}
