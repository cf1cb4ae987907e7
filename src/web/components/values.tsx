// Facts and relations, as types give them, on the page.
import type { RelationEntry, ViewFact, ViewValue } from '../../registries/view.ts'
import { Bytes, type Fact, Time } from './pieces.tsx'

export function factOf({ label, values }: ViewFact): Fact {
  return {
    label,
    value: values.map((value) => (
      <span class="line">
        <Value value={value} />
      </span>
    )),
  }
}

function Value({ value }: { readonly value: ViewValue }) {
  switch (value.kind) {
    case 'text':
      return <span>{value.text}</span>
    case 'code':
      return <code>{value.text}</code>
    case 'bytes':
      return <Bytes size={value.size} />
    case 'time':
      return <Time at={value.at} />
    case 'link':
      return isWebAddress(value.url) ? (
        <a href={value.url} rel="nofollow noopener noreferrer">
          {value.url.replace(/^https?:\/\//, '').replace(/\/$/, '')}
        </a>
      ) : (
        <span>{value.url}</span>
      )
  }
}

/** A package says what it likes: also `javascript:`. */
function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url)
}

interface EntriesProps {
  readonly entries: readonly RelationEntry[]
  /** The address of the package that a name leads to, if there is one. */
  readonly hrefOf: (name: string) => string | undefined
}

/** A page stays small whatever a package lists. */
const SHOWN_ENTRIES = 200

export function Entries({ entries, hrefOf }: EntriesProps) {
  return (
    <ul class="links">
      {entries.slice(0, SHOWN_ENTRIES).map(({ text, name, architectures }) => {
        const href = name === undefined ? undefined : hrefOf(name)
        return (
          <li>
            {href === undefined ? text : <a href={href}>{text}</a>}
            {architectures !== undefined && (
              <span class="muted small"> {architectures.join(', ')}</span>
            )}
          </li>
        )
      })}
      {entries.length > SHOWN_ENTRIES && (
        <li class="more">and {entries.length - SHOWN_ENTRIES} more</li>
      )}
    </ul>
  )
}
