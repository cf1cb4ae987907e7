// PURE: an operation of the API as one line for curl, of the examples that its descriptor has.
import { takesBody } from '../http/endpoint.ts'
import { type DescribedEndpoint, pathParametersOf } from '../http/openapi.ts'
import { exampleOf } from '../http/operation.ts'

/**
 * `URL` and `TOKEN` are variables of the shell, so that the line holds no secret. A file to send is called FILE, and
 * JSON that has no example is in body.json.
 */
export function formatCurlLine(endpoint: DescribedEndpoint): string {
  const words = [
    'curl --fail-with-body',
    ...(isPublic(endpoint) ? [] : ['-u "me:$TOKEN"']),
    ...methodOf(endpoint),
    ...bodyOf(endpoint),
    ...(answersBytes(endpoint) ? ['-O'] : []),
    `"$URL${exampleOfPath(endpoint)}"`,
  ]
  return words.join(' ')
}

/** Whether it is answered without credentials, where the owner is public. */
function isPublic({ access }: DescribedEndpoint): boolean {
  return access === 'open' || access === 'read'
}

/** What curl does by itself is not said. */
function methodOf({ method, operation }: DescribedEndpoint): readonly string[] {
  const { body } = operation
  const byItself = body === undefined ? 'GET' : isJson(body.contentType) ? 'POST' : 'PUT'
  return method === byItself ? [] : [`-X ${method}`]
}

function bodyOf(endpoint: DescribedEndpoint): readonly string[] {
  const { body } = endpoint.operation
  if (body === undefined || !takesBody(endpoint)) return []
  if (!isJson(body.contentType)) return ['-T FILE']
  const example = exampleOf(body.schema)
  const data = example === undefined ? '@body.json' : `'${JSON.stringify(example)}'`
  return ["-H 'Content-Type: application/json'", `-d ${data}`]
}

function answersBytes({ operation }: DescribedEndpoint): boolean {
  return operation.answers[200]?.content?.schema.format === 'binary'
}

function exampleOfPath(endpoint: DescribedEndpoint): string {
  const examples = new Map(
    pathParametersOf(endpoint).map(({ name, schema }) => [name, exampleOf(schema)]),
  )
  return endpoint.path.replace(/:(\w+)(?:\{[^}]*\})?/g, (_, name: string) =>
    encodeURIComponent(String(examples.get(name))).replaceAll('%40', '@'),
  )
}

function isJson(contentType: string): boolean {
  return /[/+]json$/.test(contentType)
}
