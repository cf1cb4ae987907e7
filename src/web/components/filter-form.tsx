// The form above a list: a text that is searched for, and choices that apply at once where there is JavaScript.
import type { Child } from 'hono/jsx'

/** Characters of what is searched for. */
export const MAX_QUERY = 100

/** A value of the address, cut to what is searched for. */
export function queryOf({ searchParams }: URL, name: string): string {
  return (searchParams.get(name) ?? '').trim().slice(0, MAX_QUERY)
}

interface FilterFormProps {
  readonly action: string
  readonly label: string
  readonly q: string
  readonly children?: Child
}

export function FilterForm({ action, label, q, children }: FilterFormProps) {
  return (
    <search>
      <form class="filters" method="get" action={action} data-instant>
        <label class="grow">
          {label}
          <input type="search" name="q" value={q} maxlength={MAX_QUERY} />
        </label>
        {children}
        <button type="submit">Search</button>
      </form>
    </search>
  )
}

export type Sort = 'name' | 'newest'

export function sortOf({ searchParams }: URL): Sort {
  return searchParams.get('sort') === 'newest' ? 'newest' : 'name'
}

export function SortChoice({ chosen }: { readonly chosen: Sort }) {
  const options = [{ value: 'newest', label: 'Newest first' }]
  return <Choice label="Sort" name="sort" chosen={chosen} any="By name" options={options} />
}

export interface Option {
  readonly value: string
  readonly label: string
}

interface ChoiceProps {
  readonly label: string
  readonly name: string
  readonly chosen: string
  /** What it is called to choose none of them. */
  readonly any: string
  readonly options: readonly Option[]
}

export function Choice({ label, name, chosen, any, options }: ChoiceProps) {
  return (
    <label>
      {label}
      <select name={name}>
        <option value="">{any}</option>
        {options.map((option) => (
          <option value={option.value} selected={option.value === chosen}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  )
}
