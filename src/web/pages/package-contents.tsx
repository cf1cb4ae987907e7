// What the files of a version hold, as a tree: on the version's page the beginning of the first one, in a panel that
// opens, and where all paths of each are.
import { type ContentsPage, readContents } from '../../core/blobs/contents.ts'
import { RegistryError } from '../../core/errors.ts'
import type { PackageFile } from '../../core/packages/detail.ts'
import { PathTree } from '../components/path-tree.tsx'

/** A page stays small whatever a package holds: so many entries, and characters of the list. */
const SHOWN = { offset: 0, limit: 200, maxLength: 12 * 1024 }

export type ShownContents = ContentsPage | 'not recorded' | 'unreadable'

/** Never throws for want of the list: the page has enough without it. */
export async function findContents(bucket: R2Bucket, file: PackageFile): Promise<ShownContents> {
  try {
    return (await readContents(bucket, file.r2Key, SHOWN)) ?? 'not recorded'
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    console.error('a list of files was not read:', String(error.cause ?? error))
    return 'unreadable'
  }
}

interface ContentsProps {
  /** Those on the page, of which the first one's list is shown. */
  readonly files: readonly PackageFile[]
  readonly contents: ShownContents
  /** Where all paths of a file are, by its digest. */
  readonly hrefOf: (sha256: string) => string
}

export function Contents({ files, contents, hrefOf }: ContentsProps) {
  const [file] = files
  if (contents === 'not recorded' || file === undefined) return null
  return (
    <section>
      <h2>
        Contents{' '}
        {typeof contents === 'object' && (
          <span class="muted small">{contents.entries.toLocaleString('en')}</span>
        )}
      </h2>
      {contents === 'unreadable' ? (
        <p class="muted">The list cannot be read just now.</p>
      ) : (
        <List file={file} contents={contents} href={hrefOf(file.sha256)} />
      )}
      <Others files={files} hrefOf={hrefOf} />
    </section>
  )
}

interface ListProps {
  readonly file: PackageFile
  readonly contents: ContentsPage
  readonly href: string
}

function List({ file, contents: { page, entries }, href }: ListProps) {
  return (
    <details>
      <summary>
        What {nameOf(file)} holds
        {page.length < entries && `: the first ${page.length} of ${entries} paths`}
      </summary>
      <div class="contents">
        <PathTree entries={page} />
      </div>
      <p>
        <a href={href}>All paths of {nameOf(file)}</a>
      </p>
    </details>
  )
}

function nameOf({ shownName, architecture }: PackageFile): string {
  return [shownName, architecture].filter(Boolean).join(' ')
}

/** A content that several files have is named once. */
function Others({ files, hrefOf }: Pick<ContentsProps, 'files' | 'hrefOf'>) {
  const contents = new Map(files.map((file) => [file.sha256, file]))
  if (contents.size < 2) return null
  return (
    <p>
      All paths of{' '}
      {[...contents.values()].map((file, at) => (
        <>
          {at > 0 && ', '}
          <a href={hrefOf(file.sha256)}>
            {file.architecture || file.shownName}
            {file.repository !== null && ` in ${file.repository}`}
          </a>
        </>
      ))}
    </p>
  )
}
