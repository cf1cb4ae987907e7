// The description of the API in OpenAPI 3.1, made of the descriptors that the routes are made of
// (https://spec.openapis.org/oas/v3.1.1). Refuses what would not be a document: a path parameter that
// nobody described, two schemas of one title, an operation id that comes twice.
import type { Access } from '../core/access/decide.ts'
import { describeFault, type FaultCode, faultCodes } from '../core/errors.ts'
import { OWNER_NAME_PATTERN } from '../core/names.ts'
import { type Endpoint, takesBody } from './endpoint.ts'
import { securityOf, securitySchemesOf } from './openapi-security.ts'
import {
  type Answer,
  type Content,
  type Operation,
  objectSchema,
  type Schema,
  TEXT,
} from './operation.ts'
import { isAlwaysJson } from './problem.ts'

export interface ApiInfo {
  readonly title: string
  readonly version: string
  readonly description: string
}

export type DescribedEndpoint = Endpoint & { readonly operation: Operation }

/** Those that the document has: pages describe themselves. */
export function describedEndpoints(endpoints: readonly Endpoint[]): readonly DescribedEndpoint[] {
  return endpoints.filter((endpoint): endpoint is DescribedEndpoint => 'operation' in endpoint)
}

/** A JSON value. @throws Error where descriptors contradict each other */
export function formatOpenApi(endpoints: readonly Endpoint[], info: ApiInfo) {
  const schemas = new Map<string, Schema>()
  const paths: Record<string, Record<string, unknown>> = {}
  const ids = new Set<string>()
  for (const endpoint of describedEndpoints(endpoints)) {
    const { id } = endpoint.operation
    if (ids.has(id)) throw new Error(`two operations are called ${id}`)
    ids.add(id)
    const path = formatPathTemplate(endpoint.path)
    const method = endpoint.method.toLowerCase()
    paths[path] = { ...paths[path], [method]: formatOperation(endpoint, schemas) }
  }
  return {
    openapi: '3.1.1',
    info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: [...new Set(describedEndpoints(endpoints).map(({ operation }) => operation.tag))].map(
      (name) => ({ name }),
    ),
    paths,
    components: {
      securitySchemes: securitySchemesOf(describedEndpoints(endpoints)),
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

/** `/a/{b}` of Hono's `/a/:b{[a-z]+}`. */
export function formatPathTemplate(path: string): string {
  return path.replace(PARAMETER, '{$1}')
}

/** A parameter's name and, if it has one, its pattern; braces in a pattern are not used here. */
const PARAMETER = /:(\w+)(?:\{([^}]*)\})?/g

export interface PathParameter {
  readonly name: string
  readonly schema: Schema
}

/** The parameters of a path with their grammar. */
export function pathParametersOf({ path, operation }: DescribedEndpoint): readonly PathParameter[] {
  return [...path.matchAll(PARAMETER)].map(([, name = '', pattern]) => {
    const known = operation.path?.[name] ?? (name === 'owner' ? OWNER : undefined)
    const schema = known ?? (pattern === undefined ? undefined : patternSchema(pattern))
    if (schema === undefined) throw new Error(`nobody says what ${name} of ${path} may be`)
    return { name, schema }
  })
}

const OWNER: Schema = {
  title: 'OwnerName',
  type: 'string',
  pattern: OWNER_NAME_PATTERN,
  description: 'Case does not matter.',
  examples: ['acme'],
}

function patternSchema(pattern: string): Schema {
  return { type: 'string', pattern: `^${pattern}$` }
}

function formatOperation(endpoint: DescribedEndpoint, schemas: Map<string, Schema>) {
  const { summary, aliases = [], access, operation } = endpoint
  const { id, tag, description, query = {}, body, answers } = operation
  const also = aliases.map((path) => `\`${formatPathTemplate(path)}\``).join(' and ')
  const text = [description, also && `Also as ${also}.`, ACCESS_TEXTS[access]]
  const parameters = [
    ...pathParametersOf(endpoint).map(({ name, schema }) => ({
      ...{ name, in: 'path', required: true, schema: refer(schema, schemas) },
    })),
    ...Object.entries(query).map(([name, parameter]) => ({
      ...{ name, in: 'query', description: parameter.description },
      schema: refer(parameter.schema, schemas),
    })),
  ]
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: text.filter(Boolean).join('\n\n'),
    parameters,
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.optional !== true,
            content: formatContent(body, schemas),
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, formatAnswer(answer, schemas)]),
      ),
      ...formatFaults(endpoint, schemas),
    },
    security: securityOf(endpoint),
  }
}

function formatAnswer(
  { description, content, headers = {} }: Answer,
  schemas: Map<string, Schema>,
) {
  const described = Object.entries(headers).map(([name, header]) => [
    name,
    { description: header.description, schema: refer(header.schema, schemas) },
  ])
  return {
    description,
    ...(described.length === 0 ? {} : { headers: Object.fromEntries(described) }),
    ...(content === undefined ? {} : { content: formatContent(content, schemas) }),
  }
}

function formatContent({ contentType, schema }: Content, schemas: Map<string, Schema>) {
  return { [contentType]: { schema: refer(schema, schemas) } }
}

/** The schema with everything that has a title in it moved to the components. */
function refer(schema: Schema, schemas: Map<string, Schema>): Schema {
  const moved = Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, referWithin(value, schemas)]),
  )
  const { title } = schema
  if (typeof title !== 'string') return moved
  const known = schemas.get(title)
  if (known === undefined) schemas.set(title, moved)
  else if (JSON.stringify(known) !== JSON.stringify(moved)) {
    throw new Error(`two schemas are called ${title}`)
  }
  return { $ref: `#/components/schemas/${title}` }
}

function referWithin(value: unknown, schemas: Map<string, Schema>): unknown {
  if (Array.isArray(value)) return value.map((item) => referWithin(item, schemas))
  return typeof value === 'object' && value !== null ? refer({ ...value }, schemas) : value
}

const ANYWHERE: readonly FaultCode[] = [
  'method-not-allowed',
  'internal',
  'not-configured',
  'bucket-mismatch',
  'restoring',
  'storage-unavailable',
]
const REFUSED: readonly FaultCode[] = ['unauthorized', 'invalid-credentials', 'too-many-failures']

const OF_READERS: readonly FaultCode[] = ['too-many-requests']

const OF_BODIES: readonly FaultCode[] = ['invalid-request', 'unsupported-encoding']

const BY_ACCESS: Readonly<Record<Access, readonly FaultCode[]>> = {
  open: [],
  read: [...REFUSED, 'not-found'],
  write: [...REFUSED, 'forbidden', 'not-found'],
  'owner-admin': [...REFUSED, 'forbidden', 'not-found'],
  'deployment-admin': [...REFUSED, 'forbidden'],
}

/** Every code that the endpoint can answer with, in the order of the statuses. */
export function faultsOf({
  access,
  operation,
  ...endpoint
}: DescribedEndpoint): readonly FaultCode[] {
  const possible = new Set([
    'https-required' as const,
    ...('unconfigured' in endpoint ? [] : ANYWHERE),
    ...BY_ACCESS[access],
    ...(takesBody(endpoint) ? OF_BODIES : []),
    ...(endpoint.countsReaders === true ? OF_READERS : []),
    ...(operation.faults ?? []),
  ])
  return faultCodes.filter((code) => possible.has(code))
}

function formatFaults(endpoint: DescribedEndpoint, schemas: Map<string, Schema>) {
  const codes = faultsOf(endpoint)
  const content = faultContent(endpoint, schemas)
  const statuses = new Set(codes.map((code) => describeFault(code).status))
  return Object.fromEntries(
    [...statuses].map((status) => {
      const here = codes.filter((code) => describeFault(code).status === status)
      const description = here.map((code) => `\`${code}\`: ${describeFault(code).title}`).join('. ')
      return [String(status), { description, content }]
    }),
  )
}

function faultContent({ dialect, path }: DescribedEndpoint, schemas: Map<string, Schema>) {
  if (dialect !== undefined) {
    const { contentType } = dialect
    const schema = /[/+]json$/.test(contentType) ? PROBLEM_IN_DIALECT : TEXT
    return formatContent({ contentType, schema }, schemas)
  }
  return {
    'application/problem+json': { schema: refer(PROBLEM, schemas) },
    // Elsewhere only for who asks for JSON.
    ...(isAlwaysJson(path) ? {} : { 'text/plain': { schema: TEXT } }),
  }
}

const PROBLEM: Schema = {
  ...objectSchema(
    'Problem',
    {
      type: {
        type: 'string',
        format: 'uri-reference',
        description: 'Where the code is explained.',
      },
      title: { type: 'string', description: 'What the code means, the same each time.' },
      status: { type: 'integer' },
      detail: { type: 'string', description: 'What is wrong, where, and what to do.' },
      code: { type: 'string', enum: faultCodes },
      message: {
        type: 'string',
        description: "The same as `detail`, under `/api/v1`: clients of Forgejo's API show it.",
      },
      request_id: { type: 'string', description: 'Names the line in the log.' },
      reason: { type: 'string', description: 'Of `invalid-package`: which kind of rule.' },
      field: {
        type: 'string',
        description: 'Of `invalid-package`: the field, as the format spells it.',
      },
      limit: {
        type: 'integer',
        description:
          'Of `body-too-large` and `storage-full`: bytes. Of `quota-exceeded`: the most that the owner may have.',
      },
      quota: { type: 'string', description: 'Of `quota-exceeded`: which quantity.' },
      used: { type: 'integer', description: 'Of `quota-exceeded`: how much the owner has.' },
      size: { type: 'integer', description: 'Of `storage-full`: bytes that the database has.' },
    },
    ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  ),
  description: 'RFC 9457.',
}

const PROBLEM_IN_DIALECT: Schema = {
  ...PROBLEM,
  title: 'ProblemInDialect',
  additionalProperties: true,
  description: "RFC 9457, with the members that the type's clients read.",
}

/** Who may, in words. */
export const ACCESS_TEXTS: Readonly<Record<Access, string>> = {
  open: 'For everybody; credentials are not looked at.',
  read: 'For everybody where the owner is public; for a token of the owner where it is private.',
  write: 'For a token of the owner with the scope `write` or `admin`.',
  'owner-admin': 'For a token of the owner with the scope `admin`.',
  'deployment-admin': 'For the admin token of the deployment.',
}
