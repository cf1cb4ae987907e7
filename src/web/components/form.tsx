// What forms are made of. Every field has a visible label; what is wrong with a form is said above it,
// where a screen reader begins.
import type { Child } from 'hono/jsx'

/** Proves that the form is of a page of this session. */
export function CsrfField({ token }: { readonly token: string }) {
  return <input type="hidden" name="csrf" value={token} />
}

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly hint?: Child
  readonly children?: Child
}

/** A label, a hint and a control whose id is `field-NAME` and whose hint is `hint-NAME`. */
export function Field({ name, label, hint, children }: FieldProps) {
  return (
    <div class="field">
      <label for={`field-${name}`}>{label}</label>
      {children}
      {hint !== undefined && (
        <p id={`hint-${name}`} class="small">
          {hint}
        </p>
      )}
    </div>
  )
}

interface TextFieldProps {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly value?: string | undefined
  readonly type?: 'text' | 'password' | 'date'
  readonly required?: boolean
  readonly maxLength?: number
  readonly autocomplete?: string
  /** The id of a datalist. */
  readonly list?: string
  readonly placeholder?: string
  /** Of the whole text, as HTML has it. */
  readonly pattern?: string
}

export function TextField(props: TextFieldProps) {
  const { name, label, hint, value, type = 'text', required = false, maxLength = 200 } = props
  const { autocomplete = 'off', list, placeholder, pattern } = props
  return (
    <Field name={name} label={label} {...(hint === undefined ? {} : { hint })}>
      <input
        id={`field-${name}`}
        name={name}
        type={type}
        value={value}
        required={required}
        maxlength={maxLength}
        autocomplete={autocomplete}
        spellcheck={false}
        autocapitalize="none"
        list={list}
        placeholder={placeholder}
        pattern={pattern}
        aria-describedby={hint === undefined ? undefined : `hint-${name}`}
      />
    </Field>
  )
}

/** Why a form was not accepted. */
export function FormError({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null
  return (
    <p class="panel notice" role="alert">
      {sentence(text)}
    </p>
  )
}

/** A line of the API as a sentence of a page. */
export function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}
