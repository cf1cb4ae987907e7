// Facts and relations, as types give them, on the page.
import type { RelationEntry, ViewFact, ViewValue } from '../../types/view.ts'
import { Bytes, type Fact, Time } from './pieces.tsx'

/** The address of the package that a name leads to, if there is one. */
export type FindHref = (name: string) => string | undefined

export function factOf({ label, values }: ViewFact, hrefOf: FindHref): Fact {
  return {
    label,
    value: values.map((value) => (
      <span class="line">
        <Value value={value} hrefOf={hrefOf} />
        <Architectures names={value.architectures} />
      </span>
    )),
  }
}

function Architectures({ names }: { readonly names: readonly string[] | undefined }) {
  return names === undefined ? null : <span class="muted small"> {names.join(', ')}</span>
}

interface ValueProps {
  readonly value: ViewValue
  readonly hrefOf: FindHref
}

function Value({ value, hrefOf }: ValueProps) {
  switch (value.kind) {
    case 'text':
      return <span>{value.text}</span>
    case 'code':
      return <code>{value.text}</code>
    case 'package':
      return <PackageName text={value.name} href={hrefOf(value.name)} />
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

function PackageName({ text, href }: { readonly text: string; readonly href: string | undefined }) {
  return href === undefined ? (
    <span class="mono">{text}</span>
  ) : (
    <a class="mono" href={href}>
      {text}
    </a>
  )
}

/** A package says what it likes: also `javascript:`. */
function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url)
}

interface EntriesProps {
  readonly entries: readonly RelationEntry[]
  readonly hrefOf: FindHref
}

/** A page stays small whatever a package lists. */
const SHOWN_ENTRIES = 200

export function Entries({ entries, hrefOf }: EntriesProps) {
  return (
    <ul class="names">
      {entries.slice(0, SHOWN_ENTRIES).map(({ text, name, architectures }) => {
        const href = name === undefined ? undefined : hrefOf(name)
        return (
          <li>
            {href === undefined ? text : <a href={href}>{text}</a>}
            <Architectures names={architectures} />
          </li>
        )
      })}
      {entries.length > SHOWN_ENTRIES && (
        <li class="more">and {entries.length - SHOWN_ENTRIES} more</li>
      )}
    </ul>
  )
}
