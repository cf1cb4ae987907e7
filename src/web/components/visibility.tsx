// Who may see an owner, as a choice.
import type { Visibility } from '../../core/owners.ts'

const CHOICES = [
  { value: 'public', label: 'Public: everybody may see and install its packages' },
  { value: 'private', label: 'Private: only people with a token of the owner' },
] as const

export function VisibilityChoice({ chosen }: { readonly chosen: Visibility }) {
  return (
    <fieldset>
      <legend>Visibility</legend>
      {CHOICES.map(({ value, label }) => (
        <label class="option">
          <input type="radio" name="visibility" value={value} checked={value === chosen} required />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}
