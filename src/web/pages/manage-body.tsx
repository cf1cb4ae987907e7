// What the page that manages an owner shows: a new token once, the tokens, the form for another, and
// the owner's settings.
import { SCOPES, type Scope } from '../../core/access/principal.ts'
import type { AccessToken } from '../../core/access/tokens.ts'
import { restOf } from '../../core/near/facts.ts'
import { rememberMsOf } from '../../env.ts'
import type { OwnedCall } from '../../http/endpoint.ts'
import { CodeBlock } from '../components/code-block.tsx'
import { CsrfField, Field, FormError, TextField } from '../components/form.tsx'
import { Badge, EmptyState, Time } from '../components/pieces.tsx'
import { LimitsForm, Quota, type QuotaProps } from '../components/quota.tsx'
import { VisibilityChoice } from '../components/visibility.tsx'
import { formatDate } from '../format.ts'
import { managePath } from '../paths.ts'

export interface ManageOutcome {
  readonly status?: number
  readonly problem?: string
  /** What was filled in when it was refused. */
  readonly fields?: URLSearchParams
  readonly created?: { readonly name: string; readonly text: string }
}

interface ManageProps {
  readonly call: OwnedCall
  readonly tokens: readonly AccessToken[]
  readonly quota: QuotaProps
  readonly outcome: ManageOutcome
}

export function ManageBody({ call, tokens, quota, outcome }: ManageProps) {
  const { owner, principal, session } = call
  const restricted =
    principal.kind === 'token' && (principal.repositories ?? principal.packages) !== null
  const csrfToken = restricted ? undefined : session?.csrfToken
  return (
    <>
      <h1>Manage {owner.name}</h1>
      <FormError text={outcome.problem} />
      {outcome.created !== undefined && <NewToken {...outcome.created} />}
      {restricted && (
        <p class="panel notice">
          You signed in with a token that is restricted, which may not manage the owner.
        </p>
      )}
      <h2>Access tokens</h2>
      <Tokens owner={owner.name} tokens={tokens} csrfToken={csrfToken} />
      {csrfToken !== undefined && (
        <TokenForm owner={owner.name} csrfToken={csrfToken} fields={outcome.fields} />
      )}
      <Quota {...quota} />
      {principal.kind === 'admin' && csrfToken !== undefined && (
        <Settings call={call} csrfToken={csrfToken} quota={quota} fields={outcome.fields} />
      )}
    </>
  )
}

function NewToken({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <section class="panel notice" role="status">
      <h2>The new token “{name}”</h2>
      <p>Copy it now: it is shown this once and kept nowhere.</p>
      <CodeBlock text={text} label="the new token" />
      <p>The lines on this registry’s pages read it from a variable of the shell:</p>
      <CodeBlock text={`export CAIRN_TOKEN=${text}\n`} label="the line that sets the token" />
    </section>
  )
}

interface TokensProps {
  readonly owner: string
  readonly tokens: readonly AccessToken[]
  readonly csrfToken: string | undefined
}

function Tokens({ owner, tokens, csrfToken }: TokensProps) {
  if (tokens.length === 0) {
    return (
      <EmptyState title="No tokens yet" level={3}>
        <p>Nobody but the deployment admin may publish here, until there is one.</p>
      </EmptyState>
    )
  }
  return (
    <ul class="rows">
      {tokens.map((token) => (
        <li class="split">
          <div>
            <p>
              <span class="name">{token.name}</span>{' '}
              {token.scopes.map((scope) => (
                <>
                  <Badge {...(scope === 'read' ? {} : { kind: 'accent' })}>{scope}</Badge>{' '}
                </>
              ))}
              {token.expiresAt !== null && token.expiresAt <= Date.now() && (
                <Badge kind="warn">expired</Badge>
              )}
            </p>
            <p class="muted small">
              Made <Time at={token.createdAt} />
              {token.lastUsedAt === null
                ? ', never used'
                : `, last used ${formatDate(token.lastUsedAt)}`}
              {token.expiresAt !== null && `, until ${formatDate(token.expiresAt)}`}
            </p>
            <Restrictions token={token} />
          </div>
          {csrfToken !== undefined && <Revoke owner={owner} token={token} csrfToken={csrfToken} />}
        </li>
      ))}
    </ul>
  )
}

function Restrictions({ token: { repositories, packages } }: { readonly token: AccessToken }) {
  if (repositories === null && packages === null) return null
  return (
    <p class="small">
      Writes only{' '}
      {[packages?.join(', '), repositories === null ? undefined : `to ${repositories.join(', ')}`]
        .filter(Boolean)
        .join(' ')}
    </p>
  )
}

interface RevokeProps {
  readonly owner: string
  readonly token: AccessToken
  readonly csrfToken: string
}

/** Two steps without a page between: the button is inside of what has to be opened. */
function Revoke({ owner, token: { id, name }, csrfToken }: RevokeProps) {
  return (
    <details class="small">
      <summary class="button danger">
        Revoke<span class="unseen"> {name}</span>
      </summary>
      <form
        class="actions"
        method="post"
        action={`${managePath(owner)}/tokens/${encodeURIComponent(id)}/revoke`}
      >
        <CsrfField token={csrfToken} />
        <span>Whatever uses it stops working at once.</span>
        <button class="danger" type="submit">
          Revoke {name}
        </button>
      </form>
    </details>
  )
}

const SCOPE_LABELS: Readonly<Record<Scope, string>> = {
  read: 'read: see and install private packages',
  write: 'write: publish and remove too',
  admin: 'admin: manage tokens too',
}

interface TokenFormProps {
  readonly owner: string
  readonly csrfToken: string
  readonly fields: URLSearchParams | undefined
}

function TokenForm({ owner, csrfToken, fields }: TokenFormProps) {
  const given = (name: string) => fields?.get(name) ?? ''
  const chosen = fields?.getAll('scopes') ?? ['write']
  return (
    <section>
      <h2>New token</h2>
      <form class="panel narrow" method="post" action={`${managePath(owner)}/tokens`}>
        <CsrfField token={csrfToken} />
        <TextField
          name="name"
          label="Name"
          hint="What it is for, such as: ci"
          value={given('name')}
          maxLength={100}
          required
        />
        <fieldset>
          <legend>Scopes</legend>
          {SCOPES.map((scope) => (
            <label class="option">
              <input type="checkbox" name="scopes" value={scope} checked={chosen.includes(scope)} />
              <span>{SCOPE_LABELS[scope]}</span>
            </label>
          ))}
        </fieldset>
        <Lines
          name="repositories"
          label="Only these repositories"
          hint="One a line, with their type, such as alpine:v3.22/main; empty for all"
          value={given('repositories')}
        />
        <Lines
          name="packages"
          label="Only these packages"
          hint="One a line, with their type, such as alpine:hello*; empty for all"
          value={given('packages')}
        />
        <TextField
          name="expires_at"
          label="Last day"
          hint="Until the end of that day, UTC; empty for no end"
          type="date"
          value={given('expires_at')}
        />
        <button class="primary" type="submit">
          Create token
        </button>
      </form>
    </section>
  )
}

interface LinesProps {
  readonly name: string
  readonly label: string
  readonly hint: string
  readonly value: string
}

function Lines({ name, label, hint, value }: LinesProps) {
  return (
    <Field name={name} label={label} hint={hint}>
      <textarea
        id={`field-${name}`}
        name={name}
        rows={2}
        spellcheck={false}
        autocapitalize="none"
        aria-describedby={`hint-${name}`}
      >
        {value}
      </textarea>
    </Field>
  )
}

interface SettingsProps {
  readonly call: OwnedCall
  readonly csrfToken: string
  readonly quota: QuotaProps
  readonly fields: URLSearchParams | undefined
}

function Settings({ call: { env, owner }, csrfToken, quota, fields }: SettingsProps) {
  const rest = restOf(rememberMsOf(env)) / 1000
  return (
    <section>
      <h2>Settings</h2>
      <form class="panel narrow" method="post" action={`${managePath(owner.name)}/visibility`}>
        <CsrfField token={csrfToken} />
        <VisibilityChoice chosen={owner.visibility} />
        {owner.visibility === 'public' && rest > 0 && (
          <p class="small">
            Once it is private, places that were asked for its files may answer them for {rest} more
            seconds.
          </p>
        )}
        <button type="submit">Change visibility</button>
      </form>
      <LimitsForm owner={owner.name} csrfToken={csrfToken} fields={fields} {...quota} />
      <details class="panel narrow">
        <summary>Delete {owner.name}</summary>
        <form class="actions" method="post" action={`${managePath(owner.name)}/delete`}>
          <CsrfField token={csrfToken} />
          <p>An owner without packages can be deleted, with its tokens and repositories.</p>
          <button class="danger" type="submit">
            Delete {owner.name}
          </button>
        </form>
      </details>
    </section>
  )
}
