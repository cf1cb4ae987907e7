// Who asks: `npm login`, whoami, ping. Accounts are not made here: whoever has an access token logs in with it.
import type { OwnerRow } from '../../core/access/decide.ts'
import type { TokenPrincipal } from '../../core/access/principal.ts'
import { invalidRequest, RegistryError } from '../../core/errors.ts'
import { textOf } from '../../formats/text/json-value.ts'
import { verifySecret } from '../../http/body-secret.ts'
import { type Call, type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { jsonContent, objectSchema, TEXT, withExample } from '../../http/operation.ts'
import { readJsonObject } from '../../http/request-body.ts'
import { DONE, done, noticeOf, reply } from './dialect.ts'
import { SERVICE, TYPE } from './names.ts'

export const accountEndpoints: readonly Endpoint[] = [
  ownedEndpoint({
    method: 'GET',
    path: `${SERVICE}/ping`,
    access: 'read',
    summary: 'Whether the registry answers',
    operation: {
      id: 'pingNpmRegistry',
      tag: TYPE,
      answers: { 200: { description: 'It does', content: jsonContent({ type: 'object' }) } },
    },
    handler: async () => reply({}),
  }),
  ownedEndpoint({
    method: 'GET',
    path: `${SERVICE}/whoami`,
    access: 'read',
    summary: 'Whose credentials these are',
    operation: {
      id: 'getNpmUser',
      tag: TYPE,
      answers: {
        200: {
          description: 'The owner whose access token it is, or `admin`',
          content: jsonContent(objectSchema('NpmUser', { username: TEXT })),
        },
      },
      faults: ['unauthorized', 'invalid-credentials'],
    },
    handler: whoami,
  }),
  {
    method: 'PUT',
    path: `${SERVICE}/user/:user`,
    access: 'open',
    summary: 'Log in with an access token as the password',
    operation: {
      id: 'loginToNpmRegistry',
      tag: TYPE,
      description:
        'What `npm login --auth-type=legacy` and `npm adduser` send. No account is made.',
      path: {
        user: {
          ...withExample(TEXT, 'org.couchdb.user:me'),
          description: '`org.couchdb.user:` and any name.',
        },
      },
      body: jsonContent({
        ...{ type: 'object', required: ['password'] },
        properties: {
          name: TEXT,
          password: { ...TEXT, minLength: 1, description: 'The access token.' },
        },
        examples: [{ name: 'me', password: 'cairn_…' }],
      }),
      answers: {
        201: {
          description: 'The client may use the token',
          content: jsonContent({ type: 'object', required: ['ok', 'token'] }),
        },
      },
      faults: [
        'invalid-request',
        'unauthorized',
        'invalid-credentials',
        'forbidden',
        'not-found',
        'too-many-failures',
        'body-too-large',
        'body-timeout',
      ],
    },
    handler: login,
  },
  ownedEndpoint({
    method: 'DELETE',
    path: `${SERVICE}/user/token/:token`,
    access: 'read',
    summary: 'What `npm logout` asks before it forgets the token; changes nothing',
    operation: {
      id: 'logoutOfNpmRegistry',
      tag: TYPE,
      path: { token: withExample(TEXT, 'any') },
      answers: DONE,
    },
    handler: logout,
  }),
]

async function whoami({ owner, principal }: OwnedCall): Promise<Response> {
  if (principal.kind === 'anonymous') throw new RegistryError({ code: 'unauthorized' })
  // A public owner is read with any credentials; this call is asked to try them.
  if (principal.kind === 'rejected') {
    throw new RegistryError({ code: 'invalid-credentials', detail: principal.detail })
  }
  const username = principal.kind === 'token' ? nameOf(principal, owner) : principal.kind
  return reply({ username })
}

/** npm prints no ids of tokens: it takes each for a secret. */
function nameOf({ id, ownerId }: TokenPrincipal, owner: OwnerRow): string {
  return ownerId === owner.id ? owner.name : `token-${id.slice(0, 8)}`
}

/** The token is that of whoever made it, and may be in use elsewhere. */
async function logout(): Promise<Response> {
  const notice = 'the access token stays valid: whoever manages this registry can revoke it'
  return done(200, noticeOf(notice))
}

async function login(call: Call): Promise<Response> {
  const body = await readJsonObject(call)
  const token = textOf(body, 'password')
  if (token === undefined || token === '') {
    throw invalidRequest(`the body has no password: ${HOW}`)
  }
  try {
    await verifySecret(call, token)
  } catch (error) {
    if (!(error instanceof RegistryError) || error.fault.code !== 'invalid-credentials') throw error
    const detail = `${error.fault.detail}; no account is made here: ${HOW}`
    throw new RegistryError({ code: 'invalid-credentials', detail }, { cause: error })
  }
  const id = call.params.user ?? ''
  return reply({ ok: true, id, token }, 201)
}

const HOW = 'give any user name, and an access token of this registry as the password'
