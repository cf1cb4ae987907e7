// What an owner has and may have, and the form for limits of its own.
import { QUANTITIES, type Quantity } from '../../core/quota/quantities.ts'
import { type Limits, limitsOfOwner, type OwnerQuota } from '../../core/quota/quota.ts'
import { formatBytes } from '../format.ts'
import { managePath } from '../paths.ts'
import { CsrfField, TextField } from './form.tsx'
import { Facts } from './pieces.tsx'

const LABELS: Readonly<Record<Quantity, string>> = {
  files: 'Files',
  metadata_bytes: 'Metadata in the database',
  file_bytes: 'Size of all files',
  repositories: 'Repositories',
  tokens: 'Access tokens',
}

export interface QuotaProps {
  readonly quota: OwnerQuota
  /** The deployment's. */
  readonly limits: Limits
}

export function Quota({ quota, limits }: QuotaProps) {
  const most = limitsOfOwner(limits, quota)
  const facts = QUANTITIES.map((each) => ({
    label: LABELS[each],
    value: `${format(each, quota.used[each])} of ${format(each, most[each])}`,
  }))
  return (
    <section>
      <h2>Use and limits</h2>
      <Facts facts={facts} />
    </section>
  )
}

function format(quantity: Quantity, amount: number): string {
  return quantity.endsWith('_bytes') ? formatBytes(amount) : amount.toLocaleString('en')
}

/** The form for tokens on the same page has a field `repositories`. */
const fieldOf = (quantity: Quantity) => `limit_${quantity}`

interface LimitsFormProps extends QuotaProps {
  readonly owner: string
  readonly csrfToken: string
  /** What was filled in when it was refused. */
  readonly fields: URLSearchParams | undefined
}

export function LimitsForm({ owner, csrfToken, fields, quota, limits }: LimitsFormProps) {
  return (
    <form class="panel narrow" method="post" action={`${managePath(owner)}/limits`}>
      <CsrfField token={csrfToken} />
      {QUANTITIES.map((each) => (
        <TextField
          name={fieldOf(each)}
          label={`${LABELS[each]}, at most${each.endsWith('_bytes') ? ' (bytes)' : ''}`}
          hint={`Empty for the ${limits[each]} of all owners`}
          value={fields?.get(fieldOf(each)) ?? String(quota.limits[each] ?? '')}
          maxLength={15}
        />
      ))}
      <button type="submit">Change limits</button>
    </form>
  )
}

/** The fields of that form as the API's body has them. */
export function limitsOfFields(fields: URLSearchParams): Readonly<Record<string, unknown>> {
  const entries = QUANTITIES.map((each) => {
    const text = (fields.get(fieldOf(each)) ?? '').trim()
    return [each, text === '' ? null : /^\d+$/.test(text) ? Number(text) : text] as const
  })
  return Object.fromEntries(entries)
}
