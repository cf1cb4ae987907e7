// The README of a version, or the beginning of a long one.
import { parseMarkdown } from '../../formats/text/markdown.ts'
import type { Readme } from '../../formats/text/readme.ts'
import { Markdown } from '../components/markdown.tsx'

/** Characters. A page stays small, and so does the work for it, whatever a package says of itself. */
const SHOWN = 16 * 1024

interface ReadmeSectionProps {
  readonly readme: Readme
  /** Where the whole of it is. */
  readonly href: string
}

export function ReadmeSection({ readme: { fileName, text }, href }: ReadmeSectionProps) {
  const shown = beginningOf(text)
  return (
    <section>
      <h2>README</h2>
      {/\.(?:rst|txt|adoc|org)$/i.test(fileName) ? (
        <div class="prose">
          <pre tabindex={0}>{shown}</pre>
        </div>
      ) : (
        <Markdown blocks={parseMarkdown(shown)} />
      )}
      {shown.length < text.length && (
        <p>
          That was the beginning. <a href={href}>All of {fileName}, as text</a>
        </p>
      )}
    </section>
  )
}

/** Whole lines, unless one alone is longer. */
function beginningOf(text: string): string {
  if (text.length <= SHOWN) return text
  const end = text.lastIndexOf('\n', SHOWN)
  return text.slice(0, end > SHOWN / 2 ? end : SHOWN).toWellFormed()
}
