// One operation of the API's reference: what it is asked with, and what it answers.
import { describeFault } from '../../core/errors.ts'
import {
  ACCESS_TEXTS,
  type DescribedEndpoint,
  faultsOf,
  formatPathTemplate,
  pathParametersOf,
} from '../../http/openapi.ts'
import type { Content, Operation, QueryParameter, Schema } from '../../http/operation.ts'
import { CodeBlock } from '../components/code-block.tsx'
import { Described } from '../components/described.tsx'
import { Badge, Facts } from '../components/pieces.tsx'
import { formatCurlLine } from '../curl-line.ts'

export function OperationSection({ endpoint }: { readonly endpoint: DescribedEndpoint }) {
  const { method, path, aliases = [], access, summary, operation } = endpoint
  return (
    <section class="panel" id={operation.id}>
      <h3>
        <Badge kind="accent">{method}</Badge> <code>{formatPathTemplate(path)}</code>
      </h3>
      <p>
        <Described text={`${summary}. ${ACCESS_TEXTS[access]}`} />
      </p>
      {operation.description !== undefined && (
        <p>
          <Described text={operation.description} />
        </p>
      )}
      <CodeBlock text={formatCurlLine(endpoint)} label={`the line for curl of ${operation.id}`} />
      {aliases.length > 0 && <p>Also as {aliases.map(formatPathTemplate).join(' and ')}.</p>}
      <Parameters endpoint={endpoint} />
      {operation.body !== undefined && (
        <p>
          Body: <ContentText content={operation.body} />
        </p>
      )}
      <Answers answers={operation.answers} />
      <p class="small">
        Refuses with{' '}
        {faultsOf(endpoint).map((code, at) => (
          <>
            {at > 0 && ', '}
            <a href={`#${code}`}>{code}</a> ({describeFault(code).status})
          </>
        ))}
      </p>
    </section>
  )
}

function Parameters({ endpoint }: { readonly endpoint: DescribedEndpoint }) {
  const inPath = pathParametersOf(endpoint).map(({ name, schema }) => {
    const description = String(schema.description ?? '')
    return { label: name, value: <ParameterText schema={schema} description={description} /> }
  })
  const inQuery = Object.entries(endpoint.operation.query ?? {}).map(([name, parameter]) => {
    return { label: `?${name}=`, value: <ParameterText {...parameter} /> }
  })
  const facts = [...inPath, ...inQuery]
  return facts.length === 0 ? null : <Facts facts={facts} />
}

function ParameterText({ schema, description }: QueryParameter) {
  return (
    <>
      <Described text={description} />{' '}
      <span class="muted">
        <SchemaText schema={schema} />
      </span>
    </>
  )
}

function Answers({ answers }: Pick<Operation, 'answers'>) {
  return (
    <Facts
      facts={Object.entries(answers).map(([status, { description, content, headers = {} }]) => ({
        label: `Answers ${status}`,
        value: (
          <>
            <Described text={description} />{' '}
            {content !== undefined && <ContentText content={content} />}
            {Object.keys(headers).map((name) => (
              <>
                {' '}
                <code>{name}</code>
              </>
            ))}
          </>
        ),
      }))}
    />
  )
}

function ContentText({ content: { contentType, schema } }: { readonly content: Content }) {
  return (
    <>
      <code>{contentType}</code> <SchemaText schema={schema} />
    </>
  )
}

/** A schema in a few words: its name, what it lists, or its rule. */
function SchemaText({ schema }: { readonly schema: Schema }) {
  const { title, type, items, pattern, minimum, maximum } = schema
  if (type === 'object' && title !== undefined) return <a href={`#schema-${title}`}>{title}</a>
  if (isSchema(items)) {
    return (
      <>
        list of <SchemaText schema={items} />
      </>
    )
  }
  if (typeof pattern === 'string') return <code class="mono">{pattern}</code>
  if (Array.isArray(schema.enum)) return <>{schema.enum.join(', ')}</>
  if (minimum !== undefined || maximum !== undefined) {
    return (
      <>
        {minimum ?? ''} to {maximum ?? ''}
      </>
    )
  }
  return <>{type === 'string' ? 'text' : type}</>
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
