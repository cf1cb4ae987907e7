// Small pieces that many pages share.
import type { Child } from 'hono/jsx'
import { formatBytes, formatDate, formatInstant, formatMachineTime } from '../format.ts'
import { Logo } from './logo.tsx'

interface BadgeProps {
  readonly kind?: 'accent' | 'warn'
  readonly children?: Child
}

export function Badge({ kind, children }: BadgeProps) {
  return <span class={kind === undefined ? 'badge' : `badge ${kind}`}>{children}</span>
}

interface EmptyStateProps {
  readonly title: string
  /** Of the heading: 1 where it is all that the page says. */
  readonly level?: 1 | 2 | 3
  readonly children?: Child
}

function Heading({ level, children }: { readonly level: number; readonly children?: Child }) {
  if (level === 1) return <h1>{children}</h1>
  return level === 2 ? <h2>{children}</h2> : <h3>{children}</h3>
}

/** What stands where nothing is, and what to do about it. */
export function EmptyState({ title, level = 2, children }: EmptyStateProps) {
  return (
    <div class="panel empty">
      <Logo />
      <Heading level={level}>{title}</Heading>
      {children}
    </div>
  )
}

interface TimeProps {
  /** Unix milliseconds. */
  readonly at: number
  /** To the minute; else the day, with the minute on hover. */
  readonly exact?: boolean
}

export function Time({ at, exact = false }: TimeProps) {
  return (
    <time datetime={formatMachineTime(at)} title={exact ? undefined : formatInstant(at)}>
      {exact ? formatInstant(at) : formatDate(at)}
    </time>
  )
}

/** A size in units that people read, with the bytes on hover. */
export function Bytes({ size }: { readonly size: number }) {
  return (
    <data value={String(size)} title={`${size} bytes`}>
      {formatBytes(size)}
    </data>
  )
}

export interface Fact {
  readonly label: string
  readonly value: Child
}

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ label, value }) => (
        <div>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
