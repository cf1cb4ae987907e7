// The reference of the API as a page, of the same descriptors as its routes and its document: every
// operation, what its JSON consists of, and every code of a problem under its own name.
import { describeFault, type FaultCode, faultCodes } from '../../core/errors.ts'
import type { Endpoint } from '../../http/endpoint.ts'
import {
  type ApiInfo,
  type DescribedEndpoint,
  describedEndpoints,
  formatOpenApi,
} from '../../http/openapi.ts'
import type { Schema } from '../../http/operation.ts'
import { DOCUMENT_PATH, PROBLEMS_PATH } from '../../http/path.ts'
import { CodeBlock } from '../components/code-block.tsx'
import { Described } from '../components/described.tsx'
import { pageResponse } from '../respond.ts'
import { OperationSection } from './reference-operation.tsx'

/** @param all the endpoints that it tells of, and others */
export function referenceEndpoint(all: readonly Endpoint[], info: ApiInfo): Endpoint {
  const makeBody = () => {
    const { schemas } = formatOpenApi(all, info).components
    return <Reference endpoints={describedEndpoints(all)} schemas={schemas} />
  }
  let body: ReturnType<typeof makeBody> | undefined
  return {
    method: 'GET',
    path: PROBLEMS_PATH,
    access: 'open',
    session: true,
    summary: 'The reference of the API, for people',
    handler: async (call) => {
      // Not when an isolate starts: most never show it.
      body ??= makeBody()
      return pageResponse(call, {
        title: 'API',
        description: 'Every endpoint of this registry, its parameters and its answers',
        trail: [{ label: 'API' }],
        body,
      })
    },
  }
}

interface ReferenceProps {
  readonly endpoints: readonly DescribedEndpoint[]
  readonly schemas: Readonly<Record<string, Schema>>
}

function Reference({ endpoints, schemas }: ReferenceProps) {
  const tags = [...new Set(endpoints.map(({ operation }) => operation.tag))]
  return (
    <>
      <h1>API</h1>
      <p class="lead">
        Everything that this registry answers, for programs. The same as OpenAPI 3.1:{' '}
        <a href={DOCUMENT_PATH}>openapi.json</a>.
      </p>
      <p>
        A token goes into <code>Authorization</code>: as the password of <code>Basic</code> with any
        user name, as <code>Bearer</code>, or after <code>token</code>. Every <code>GET</code>{' '}
        answers <code>HEAD</code> too. In the lines for curl <code>URL</code> is the address of this
        registry and <code>TOKEN</code> an access token; what is read needs none where the owner is
        public.
      </p>
      <Contents tags={tags} endpoints={endpoints} />
      {tags.map((tag) => (
        <TagSection tag={tag} endpoints={endpoints.filter((each) => each.operation.tag === tag)} />
      ))}
      <Schemas schemas={schemas} />
      <Problems />
    </>
  )
}

interface ContentsProps {
  readonly tags: readonly string[]
  readonly endpoints: readonly DescribedEndpoint[]
}

function Contents({ tags, endpoints }: ContentsProps) {
  return (
    <nav class="panel" aria-label="Contents">
      <h2>Contents</h2>
      {tags.map((tag) => (
        <details>
          <summary>{titleOf(tag)}</summary>
          <ul>
            {endpoints
              .filter(({ operation }) => operation.tag === tag)
              .map(({ operation, summary }) => (
                <li>
                  <a href={`#${operation.id}`}>
                    <Described text={summary} />
                  </a>
                </li>
              ))}
          </ul>
        </details>
      ))}
      <p>
        <a href="#schemas">JSON</a> · <a href="#problems">Problems</a>
      </p>
    </nav>
  )
}

function titleOf(tag: string): string {
  return tag.slice(0, 1).toUpperCase() + tag.slice(1)
}

interface TagProps {
  readonly tag: string
  readonly endpoints: readonly DescribedEndpoint[]
}

function TagSection({ tag, endpoints }: TagProps) {
  return (
    <section>
      <h2 id={`tag-${tag}`}>{titleOf(tag)}</h2>
      {endpoints.map((endpoint) => (
        <OperationSection endpoint={endpoint} />
      ))}
    </section>
  )
}

function Schemas({ schemas }: Pick<ReferenceProps, 'schemas'>) {
  return (
    <section>
      <h2 id="schemas">JSON</h2>
      {Object.entries(schemas).map(([name, schema]) => (
        <details id={`schema-${name}`}>
          <summary>{name}</summary>
          <CodeBlock text={formatSchema(schema)} label={`the schema of ${name}`} />
        </details>
      ))}
    </section>
  )
}

/** Descriptions without the ticks of Markdown, which mean nothing within JSON. */
function formatSchema(schema: Schema): string {
  return JSON.stringify(schema, null, 2).replaceAll('`', '')
}

function Problems() {
  return (
    <section>
      <h2 id="problems">Problems</h2>
      <p>
        What is refused and what fails is answered as <code>application/problem+json</code> under{' '}
        <code>/api/v1</code>, and as one line of text elsewhere unless <code>Accept</code> asks for
        JSON. A <code>code</code> never changes its meaning.
      </p>
      <ul class="rows">
        {faultCodes.map((code) => (
          <Problem code={code} />
        ))}
      </ul>
    </section>
  )
}

function Problem({ code }: { readonly code: FaultCode }) {
  const { status, title, members } = describeFault(code)
  return (
    <li>
      <p>
        <code id={code}>{code}</code> <span class="muted">{status}</span>
      </p>
      <p class="aside">
        {title}
        {members.length > 0 && ` (with ${members.join(' and ')})`}
      </p>
    </li>
  )
}
