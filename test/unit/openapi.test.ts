import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { apiEndpoints } from '../../src/api/endpoints.ts'
import { API_INFO } from '../../src/api/openapi.ts'
import { describeFault, faultCodes } from '../../src/core/errors.ts'
import type { Dialect } from '../../src/http/dialect.ts'
import type { Endpoint } from '../../src/http/endpoint.ts'
import {
  describedEndpoints,
  formatOpenApi,
  type PathParameter,
  pathParametersOf,
} from '../../src/http/openapi.ts'
import { exampleOf, type Operation, type Schema } from '../../src/http/operation.ts'
import { packageTypes } from '../../src/types/registration.ts'

const endpoints: readonly Endpoint[] = [
  ...apiEndpoints,
  ...packageTypes.flatMap((registry) => registry.endpoints),
]

async function errorsOf(document: object) {
  // A value of JSON alone: the validator does not know of frozen or shared objects.
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)))
  return valid ? [] : (errors ?? ['invalid'])
}

/** An endpoint like another one, with another operation. */
function endpointLike(path: string, operation: Partial<Operation>): Endpoint {
  const answers = { 200: { description: 'Fine' } }
  return {
    method: 'GET',
    path,
    access: 'open',
    summary: 'A test',
    operation: { id: 'test', tag: 'test', answers, ...operation },
    handler: () => Promise.reject(new Error('not called')),
  }
}

describe("the API's document", () => {
  it('is valid OpenAPI 3.1', async () => {
    const document = formatOpenApi(endpoints, API_INFO)
    expect(Object.keys(document.paths).length).toBeGreaterThan(15)
    expect(await errorsOf(document)).toEqual([])
  })

  it('is checked by something that finds mistakes', async () => {
    const { paths, ...rest } = formatOpenApi(endpoints, API_INFO)
    expect(await errorsOf({ ...rest, paths: { ...paths, noSlash: {} } })).not.toEqual([])
    const bad = { '/x': { get: { responses: { 200: {} } } } }
    expect(await errorsOf({ ...rest, paths: { ...paths, ...bad } })).not.toEqual([])
  })

  it('says of bodies and answers of bytes that they are bytes', () => {
    const bytes = describedEndpoints(endpoints).flatMap(({ operation }) => {
      const contents = [
        operation.body,
        ...Object.values(operation.answers).map((each) => each.content),
      ]
      return contents.filter(
        (each) => each !== undefined && !/text|json|xml|pem/.test(each.contentType),
      )
    })
    expect(bytes.length).toBeGreaterThan(10)
    expect(bytes.filter((each) => each?.schema.format !== 'binary')).toEqual([])
  })

  it('has an example of each parameter of a path, which its grammar takes', () => {
    const parameters = describedEndpoints(endpoints).flatMap(pathParametersOf)
    expect(parameters.length).toBeGreaterThan(100)
    const taken = ({ schema }: PathParameter) => {
      const example = String(exampleOf(schema) ?? '')
      const { pattern, minLength = 1, maxLength = 100 } = schema
      const fits = example.length >= Number(minLength) && example.length <= Number(maxLength)
      return fits && new RegExp(String(pattern ?? '')).test(example)
    }
    expect(parameters.filter((each) => !taken(each))).toEqual([])
  })

  it('has every member that a problem can have', () => {
    const { Problem } = formatOpenApi(endpoints, API_INFO).components.schemas
    const known = Object.keys(Object(Problem?.properties))
    const members = faultCodes.flatMap((code) => describeFault(code).members)
    expect(members.length).toBeGreaterThan(5)
    expect(members.filter((member) => !known.includes(member))).toEqual([])
  })

  it('refuses descriptors that contradict each other', () => {
    const document = (...of: Endpoint[]) => formatOpenApi(of, API_INFO)
    const one = endpointLike('/one', {})
    expect(() => document(one, endpointLike('/two', {}))).toThrow('two operations are called test')
    expect(() => document(endpointLike('/:id', {}))).toThrow('nobody says what id of /:id may be')
    const content = (schema: Schema) => ({ contentType: 'application/json', schema })
    const body = (id: string, schema: Schema) =>
      endpointLike(`/${id}`, { id, body: content(schema) })
    const first = body('a', { title: 'Same', type: 'string' })
    expect(() => document(first, body('b', { title: 'Same', type: 'number' }))).toThrow(
      'two schemas are called Same',
    )
    expect(
      document(first, body('b', { title: 'Same', type: 'string' })).components.schemas,
    ).toEqual({
      ...{ Problem: expect.anything(), Same: { title: 'Same', type: 'string' } },
    })
  })

  it('says where the clients of a dialect send tokens, and what its faults are', async () => {
    const fault = () => ({ body: '' })
    const credentials = [
      'bare',
      { header: 'x-key' },
      { query: 'access_token' },
      'basic-user',
    ] as const
    const operation = { path: { owner: { type: 'string' } } }
    const endpoint = (dialect: Dialect) => ({
      ...endpointLike('/a/:owner', operation),
      ...({
        access: 'read',
        dialect,
        handler: () => Promise.reject(new Error('not called')),
      } as const),
    })
    const json = { credentials, contentType: 'application/json', fault }
    const document = formatOpenApi([endpoint(json)], API_INFO)
    expect(await errorsOf(document)).toEqual([])
    const get = document.paths['/a/{owner}']?.get as {
      security: object[]
      responses: Record<string, { content: object }>
    }
    const names = ['basic', 'bearer', 'token', 'bare', 'header-x-key', 'query-access_token']
    expect(Object.keys(document.components.securitySchemes)).toEqual([...names, 'basic-user'])
    expect(get.security.flatMap((one) => Object.keys(one))).toEqual([...names, 'basic-user'])
    expect(get.responses[401]?.content).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/ProblemInDialect' } },
    })
    const text = formatOpenApi([endpoint({ contentType: 'text/plain', fault })], API_INFO)
    expect(text.paths['/a/{owner}']?.get).toMatchObject({
      responses: { 404: { content: { 'text/plain': { schema: { type: 'string' } } } } },
    })
    expect(Object.keys(text.components.securitySchemes)).toEqual(['basic', 'bearer', 'token'])
  })

  it('takes the pattern of a parameter from its path', () => {
    const { paths } = formatOpenApi([endpointLike('/a/:file{[^/]+\\.apk}/b', {})], API_INFO)
    expect(paths['/a/{file}/b']?.get).toMatchObject({
      parameters: [{ name: 'file', in: 'path', schema: { pattern: '^[^/]+\\.apk$' } }],
    })
  })
})
