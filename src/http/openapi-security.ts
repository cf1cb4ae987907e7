// What the API's document says of credentials: the schemes that everybody may use, those of the types'
// dialects, and which of them an endpoint takes.
import type { Access } from '../core/access/decide.ts'
import type { CredentialPlace } from './credentials.ts'
import type { Endpoint } from './endpoint.ts'

const STANDARD = {
  basic: { type: 'http', scheme: 'basic', description: 'The token as password; any user name.' },
  bearer: { type: 'http', scheme: 'bearer', description: 'The token.' },
  token: {
    ...{ type: 'apiKey', in: 'header', name: 'Authorization' },
    description: '`token` and the token, as Gitea writes it.',
  },
} as const

const NEEDED: Readonly<Record<Access, 'nothing' | 'optional' | 'required'>> = {
  open: 'nothing',
  read: 'optional',
  write: 'required',
  'owner-admin': 'required',
  'deployment-admin': 'required',
}

/** Every scheme that one of the endpoints takes, by the name that `securityOf` gives it. */
export function securitySchemesOf(endpoints: readonly Endpoint[]): Record<string, object> {
  const places = endpoints.flatMap(({ dialect }) => dialect?.credentials ?? [])
  return { ...STANDARD, ...Object.fromEntries(places.map(schemeOf)) }
}

/** The alternatives, of which a request uses one; the empty one stands for none. */
export function securityOf({ access, dialect }: Pick<Endpoint, 'access' | 'dialect'>) {
  const needed = NEEDED[access]
  if (needed === 'nothing') return []
  const own = (dialect?.credentials ?? []).map((place) => schemeOf(place)[0])
  const schemes = [...Object.keys(STANDARD), ...own].map((name) => ({ [name]: [] }))
  return needed === 'optional' ? [{}, ...schemes] : schemes
}

function schemeOf(place: CredentialPlace): [name: string, scheme: object] {
  if (place === 'bare') {
    const description = 'The token alone, without a scheme.'
    return ['bare', { type: 'apiKey', in: 'header', name: 'Authorization', description }]
  }
  if (place === 'basic-user') {
    return ['basic-user', { type: 'http', scheme: 'basic', description: 'The token as user name.' }]
  }
  const [where, name] =
    'header' in place ? (['header', place.header] as const) : (['query', place.query] as const)
  const description = 'The token.'
  return [`${where}-${name}`, { type: 'apiKey', in: where, name, description }]
}
