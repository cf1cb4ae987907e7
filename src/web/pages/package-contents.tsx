// What the first file of a version holds, in a panel that opens: the beginning of the list, and where
// the whole of it is.
import { type ContentsPage, readContents } from '../../core/blobs/contents.ts'
import { RegistryError } from '../../core/errors.ts'
import type { PackageFile } from '../../core/packages/detail.ts'
import type { ContentEntry } from '../../formats/content-list.ts'
import { Bytes } from '../components/pieces.tsx'

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
  readonly file: PackageFile
  readonly contents: ShownContents
  /** Where the API has the whole list. */
  readonly href: string
}

export function Contents({ file, contents, href }: ContentsProps) {
  const total = typeof contents === 'object' ? contents.entries : undefined
  return (
    <section>
      <h2>Contents {total !== undefined && <span class="muted small">{total}</span>}</h2>
      {contents === 'not recorded' && (
        <p class="muted">Not recorded: it was published before there were lists.</p>
      )}
      {contents === 'unreadable' && <p class="muted">The list cannot be read just now.</p>}
      {typeof contents === 'object' && <List file={file} contents={contents} href={href} />}
    </section>
  )
}

interface ListProps extends ContentsProps {
  readonly contents: ContentsPage
}

function List({ file, contents: { page, entries, listed }, href }: ListProps) {
  const name = [file.shownName, file.architecture].filter(Boolean).join(' ')
  return (
    <details>
      <summary>
        What {name} holds
        {page.length < entries && `: the first ${page.length} of ${entries} paths`}
      </summary>
      <ul class="plain-list contents">
        {page.map((entry) => (
          <li class="ends">
            <span>{shownPath(entry)}</span>
            <span class="muted">
              {entry.size !== undefined && <Bytes size={entry.size} />} {entry.mode}
            </span>
          </li>
        ))}
      </ul>
      <p>
        <a href={href}>The list with checksums, as JSON</a>
        {listed < entries && `, which ends after ${listed} of ${entries} paths`}
      </p>
    </details>
  )
}

function shownPath({ path, type, target }: ContentEntry): string {
  if (type === 'directory') return `/${path}/`
  if (type === 'symlink') return `/${path} → ${target}`
  return type === 'hardlink' ? `/${path} = /${target}` : `/${path}`
}
