// Why somebody is asked to sign in, by where they were going. The same words for a private owner and for one that
// does not exist: a page tells neither from the other, and lists public owners alone.
import { findOwnerName } from '../../core/names.ts'
import { listPublicOwners } from '../../core/owners.ts'
import type { Call } from '../../http/endpoint.ts'
import { hasSession } from '../../http/session.ts'
import { OWNERS_PATH, ownerPath, searchPath } from '../paths.ts'

/** What is known of the page behind the form. */
export type Reason =
  | { readonly kind: 'none' }
  | { readonly kind: 'all-owners' }
  /** A public owner, of which the page changes something. */
  | { readonly kind: 'public'; readonly owner: string }
  /** No public owner. */
  | { readonly kind: 'unknown'; readonly owner: string; readonly alike: readonly string[] }

const SHOWN_ALIKE = 5
/** Characters that a mistyped name is taken to have right. */
const RIGHT = 2

/** Two statements at most. @param next where they were going, as `parseLocalPath` gives it */
export async function findReason(
  { env, url, session }: Call,
  next: string | undefined,
): Promise<Reason> {
  if (next === undefined || session !== undefined) return { kind: 'none' }
  const { pathname } = new URL(next, url.origin)
  if (pathname === OWNERS_PATH) return { kind: 'all-owners' }
  const [, first = '', ...rest] = pathname.split('/')
  const owner = findOwnerName(decode(first))
  if (owner === undefined) return { kind: 'none' }
  const isPublic = async () => {
    const found = await listPublicOwners(env.DB, owner, { offset: 0, limit: 1 })
    return found.owners.some(({ name }) => name === owner)
  }
  if (await isPublic()) {
    const changes = /^(?:upload|remove|manage)$/.test(rest[0] === '-' ? (rest[1] ?? '') : '')
    return changes ? { kind: 'public', owner } : { kind: 'none' }
  }
  const place = { offset: 0, limit: SHOWN_ALIKE }
  const alike = await listPublicOwners(env.DB, owner.slice(0, RIGHT), place)
  return { kind: 'unknown', owner, alike: alike.owners.map(({ name }) => name) }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}

interface ReasonProps {
  readonly call: Call
  readonly reason: Reason
}

export function SignInReason({ call: { request, session }, reason }: ReasonProps) {
  if (session !== undefined) return <SignedIn holder={session.holder} />
  return (
    <>
      {hasSession(request.headers) && <p>You were signed in, and that session is over.</p>}
      <Why reason={reason} />
    </>
  )
}

type Holder = NonNullable<Call['session']>['holder']

function SignedIn({ holder }: { readonly holder: Holder }) {
  return (
    <p>
      You are signed in{' '}
      {holder === undefined ? (
        <>
          with the admin token, which shows <a href={OWNERS_PATH}>all owners</a>
        </>
      ) : (
        <>
          with the token {holder.token} of <a href={ownerPath(holder.owner)}>{holder.owner}</a>
        </>
      )}
      . Another token takes its place.
    </p>
  )
}

function Why({ reason }: Pick<ReasonProps, 'reason'>) {
  switch (reason.kind) {
    case 'none':
      return null
    case 'all-owners':
      return <p>The list of all owners, private ones too, is for the admin token.</p>
    case 'public':
      return (
        <p>
          Everybody may see <a href={ownerPath(reason.owner)}>{reason.owner}</a>. To publish, remove
          or manage, sign in with a token of {reason.owner}.
        </p>
      )
    case 'unknown':
      return <Unknown owner={reason.owner} alike={reason.alike} />
  }
}

function Unknown({ owner, alike }: { readonly owner: string; readonly alike: readonly string[] }) {
  return (
    <div class="panel notice">
      <p>
        There is no public owner “{owner}”. If it is private, a token of {owner} shows its pages:
        sign in below.
      </p>
      <p>
        {alike.length > 0 ? (
          <>
            If the name is mistyped, these public owners begin alike:{' '}
            {alike.map((name, at) => (
              <>
                {at > 0 && ', '}
                <a href={ownerPath(name)}>{name}</a>
              </>
            ))}
          </>
        ) : (
          <>
            If the name is mistyped: <a href={searchPath(owner)}>search the public owners</a>
          </>
        )}
      </p>
    </div>
  )
}
