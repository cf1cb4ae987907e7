// Everything that can go wrong for a caller: one closed union of faults, and the table that gives
// each its status and its one line of text. Whoever adds a fault without a row does not compile.

/** What each fault says beside its code. Code that puts values from outside here must quote them. */
interface FaultDetails {
  'invalid-request': { detail: string }
  'invalid-name': { detail: string }
  'invalid-package': { detail: string; reason: string; field?: string }
  unauthorized: object
  'invalid-credentials': { detail: string }
  forbidden: { detail: string }
  'https-required': object
  /** `owner`: the owner itself, or that of a path which the credentials may not know of. */
  'not-found': { detail: string; owner?: true }
  'method-not-allowed': { allow: string; elsewhere?: string }
  'body-timeout': { detail: string }
  'already-published': { detail: string }
  /** `removed`: what has the name is there no more. */
  'file-exists': { detail: string; removed?: true }
  'owner-not-empty': { owner: string }
  'repository-not-empty': { detail: string }
  'deployment-conflict': { detail: string }
  'body-too-large': { limit: number }
  'unsupported-encoding': { encoding: string }
  'quota-exceeded': { quota: string; used: number; limit: number; detail: string }
  'range-not-satisfiable': { size: number }
  'too-many-failures': { seconds: number }
  'too-many-requests': { seconds: number }
  internal: object
  'not-configured': { cause: string; remedy: string }
  'bucket-mismatch': { cause: string }
  restoring: object
  'storage-unavailable': { detail: string }
  'object-missing': object
  'outcome-unknown': object
  'storage-full': { size: number; limit: number }
}

export type FaultCode = keyof FaultDetails
export type Fault = {
  [C in FaultCode]: { readonly code: C } & Readonly<FaultDetails[C]>
}[FaultCode]

interface Row<C extends FaultCode> {
  readonly status: number
  /** What the code means, the same each time. */
  readonly title: string
  readonly text: (fault: FaultDetails[C]) => string
  /** What a program may read beside the text; nothing else of a fault leaves. */
  readonly members?: readonly (keyof FaultDetails[C] & string)[]
}

const detail = (fault: { detail: string }): string => fault.detail

const TABLE: { readonly [C in FaultCode]: Row<C> } = {
  'invalid-request': {
    status: 400,
    title: 'The request breaks a rule of its query, its headers or its body',
    text: detail,
  },
  'invalid-name': {
    status: 400,
    title: 'A name in the path cannot be a name',
    text: detail,
  },
  'invalid-package': {
    status: 400,
    title: 'The package breaks a rule of its format or of its clients',
    text: detail,
    members: ['reason', 'field'],
  },
  // One text for a write, a private owner and an owner that does not exist: it tells nothing.
  unauthorized: {
    status: 401,
    title: 'Credentials are needed',
    text: () => 'credentials needed: send an access token as the password of Basic or as Bearer',
  },
  'invalid-credentials': {
    status: 401,
    title: 'The credentials are wrong, expired or revoked',
    text: detail,
  },
  forbidden: {
    status: 403,
    title: 'The credentials are good and do not allow this',
    text: detail,
  },
  'https-required': {
    status: 403,
    title: 'The request came over plain http',
    text: () =>
      'plain http is refused: use https; whatever secret was sent over http may have been read on its way, so replace it',
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing, or none that these credentials may know of',
    text: detail,
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path knows other methods',
    text: ({ allow, elsewhere }) =>
      elsewhere === undefined
        ? `method not allowed here: use ${allow}`
        : `the path is too short: write ${elsewhere}, or use ${allow} here`,
  },
  'body-timeout': {
    status: 408,
    title: 'The body came too slowly, or not to its end',
    text: detail,
  },
  'already-published': {
    status: 409,
    title: 'The same bytes are published already',
    text: detail,
  },
  'file-exists': {
    status: 409,
    title: 'Other bytes have this name, or had it in an immutable repository',
    text: detail,
  },
  'owner-not-empty': {
    status: 409,
    title: 'The owner still has packages',
    text: ({ owner }) => `owner ${owner} still has packages: delete them first`,
  },
  'repository-not-empty': {
    status: 409,
    title: 'The repository holds files, or names that stay taken',
    text: detail,
  },
  'deployment-conflict': {
    status: 409,
    title: 'What the database or the bucket holds stands against it',
    text: detail,
  },
  'body-too-large': {
    status: 413,
    title: 'The body is larger than may be',
    text: ({ limit }) => `the body is larger than the limit of ${limit} bytes: send less`,
    members: ['limit'],
  },
  'quota-exceeded': {
    status: 413,
    title: 'The owner would have more than it may',
    text: detail,
    members: ['quota', 'used', 'limit'],
  },
  'unsupported-encoding': {
    status: 415,
    title: 'The body is in an encoding that nobody undoes here',
    text: ({ encoding }) =>
      `the body has the Content-Encoding ${encoding}: send it as it is, without that header`,
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The range lies outside of the file',
    text: ({ size }) => `the range lies outside of the file: it has ${size} bytes`,
  },
  'too-many-failures': {
    status: 429,
    title: 'Too many wrong credentials from one address or for one token',
    text: ({ seconds }) => `too many wrong credentials: try again in ${seconds} s with good ones`,
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests without credentials from one address',
    text: ({ seconds }) =>
      `too many requests from your address: try again in ${seconds} s, or send credentials`,
  },
  internal: {
    status: 500,
    title: 'A defect of the registry',
    text: () => 'internal error: tell the operator of this registry',
  },
  'not-configured': {
    status: 503,
    title: 'The deployment lacks a secret or a migration',
    text: ({ cause, remedy }) => `not configured: ${cause}; ${remedy}`,
  },
  'bucket-mismatch': {
    status: 503,
    title: 'The database and the bucket are not known to belong together',
    text: ({ cause }) =>
      `database and bucket do not belong together: ${cause}; nothing is stored or swept until the operator of this registry says that they do: npm run adopt`,
  },
  restoring: {
    status: 503,
    title: 'A backup is being restored',
    text: () => 'a backup is being restored: try again once that is complete',
  },
  'storage-unavailable': {
    status: 503,
    title: 'The database or the store does not answer',
    text: detail,
  },
  // A row promised it, so this is an outage and no 404.
  'object-missing': {
    status: 503,
    title: 'The store lost the bytes of a file',
    text: () =>
      'the file is missing in the store: publish it again, or ask the operator of this registry',
  },
  'outcome-unknown': {
    status: 503,
    title: 'The change may or may not have been made',
    text: () =>
      'the change may or may not have been made: send it again (a repeated publish of the same bytes is safe)',
  },
  // Not 503: a client tries again after that, which is of no use here.
  'storage-full': {
    status: 507,
    title: 'The database is as large as it may be, so that nothing is published',
    text: ({ size, limit }) =>
      `the database has ${size} bytes, and publishing stops at ${limit}: remove what nobody needs, and tell the operator of this registry`,
    members: ['size', 'limit'],
  },
}

/** Every code of the table, in the order of the table, which is that of the statuses. */
export const faultCodes = Object.keys(TABLE) as readonly FaultCode[]

/** What a code means whenever it comes, and the members that its problems have beside the others. */
export function describeFault(code: FaultCode): {
  readonly status: number
  readonly title: string
  readonly members: readonly string[]
} {
  const { status, title, members = [] } = TABLE[code]
  return { status, title, members }
}

/** The HTTP status of a fault. */
export function statusOf(fault: Fault): number {
  return TABLE[fault.code].status
}

/** The one line that says what is wrong, where, and what to do. */
export function textOf(fault: Fault): string {
  // The row and the fault have the same code, which the index type cannot express.
  return (TABLE[fault.code].text as (fault: Fault) => string)(fault)
}

/** What is thrown for every expected refusal or outage; anything else that is thrown is a defect. */
export class RegistryError extends Error {
  readonly fault: Fault

  constructor(fault: Fault, options?: ErrorOptions) {
    super(textOf(fault), options)
    this.name = 'RegistryError'
    this.fault = fault
  }
}

/** @param detail what is wrong with the request, and what to do */
export function invalidRequest(detail: string, cause?: unknown): RegistryError {
  return new RegistryError({ code: 'invalid-request', detail }, { cause })
}
