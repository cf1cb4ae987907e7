// The upload page: one form, of which JavaScript makes a request a file with its progress, and which
// without it sends all files at once and is answered with what became of each.
import { RegistryError, statusOf } from '../../core/errors.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { CsrfField, Field, FormError, TextField } from '../components/form.tsx'
import { Badge, EmptyState } from '../components/pieces.tsx'
import { ownerPath, uploadPath } from '../paths.ts'
import { pageResponse } from '../respond.ts'
import { publishForm, type UploadResult } from '../upload-form.ts'
import { REPOSITORY_FIELD, type UploadType, uploadTypes } from '../upload-target.ts'

const PATH = '/:owner/-/upload'

interface KnownRepository {
  readonly type: string
  readonly name: string
}

type Call = OwnedCall<readonly KnownRepository[]>

/** The names that the form offers. An owner with more repositories than these has to type the name. */
const REPOSITORIES = `
  SELECT json_group_array(json_object('type', type, 'name', name)) FROM (
    SELECT r.type, r.name FROM repository r WHERE r.owner_id = o.id ORDER BY r.type, r.name LIMIT 200)`

export const uploadEndpoints: readonly Endpoint[] = [
  ownedEndpoint<readonly KnownRepository[]>({
    method: 'GET',
    path: PATH,
    access: 'write',
    session: true,
    summary: 'The form to publish files',
    resource: () => ({ sql: REPOSITORIES, parameters: [] }),
    handler: async (call) => uploadPage(call, call.url.searchParams),
  }),
  ownedEndpoint<readonly KnownRepository[]>({
    method: 'POST',
    path: PATH,
    access: 'write',
    session: true,
    summary: 'Publish the files of a form, one after the other',
    resource: () => ({ sql: REPOSITORIES, parameters: [] }),
    handler: upload,
  }),
]

async function upload(call: Call): Promise<Response> {
  if (/\bapplication\/json\b/.test(call.request.headers.get('accept') ?? '')) {
    const { results } = await publishForm(call)
    const headers = { 'cache-control': 'no-store' }
    return Response.json({ files: results }, { status: statusFor(results), headers })
  }
  try {
    const { results, fields } = await publishForm(call)
    return uploadPage(call, fields, { results, status: statusFor(results) })
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    const status = statusOf(error.fault)
    if (status >= 500) throw error
    return uploadPage(call, call.url.searchParams, { problem: error.message, status })
  }
}

/** That of the refusal where nothing else happened, and 207 where things went both ways. */
function statusFor(results: readonly UploadResult[]): number {
  const refused = results.filter(({ outcome }) => outcome === 'refused')
  if (refused.length === 0) return 200
  return refused.length === results.length ? (refused[0]?.status ?? 400) : 207
}

interface Outcome {
  readonly status?: number
  readonly results?: readonly UploadResult[]
  readonly problem?: string
}

function uploadPage(
  call: Call,
  given: { get(name: string): string | null | undefined },
  { status = 200, results = [], problem }: Outcome = {},
): Response {
  const { owner, session } = call
  const type = uploadTypes.find((each) => each.type === given.get('type')) ?? uploadTypes[0]
  const known = (call.resource ?? []).filter((repository) => repository.type === type?.type)
  const body = (
    <>
      <h1>Upload packages to {owner.name}</h1>
      <FormError text={problem} />
      {results.length > 0 && <Results results={results} />}
      {type !== undefined && session !== undefined ? (
        <>
          {uploadTypes.length > 1 && <Types owner={owner.name} chosen={type.type} />}
          <UploadForm
            owner={owner.name}
            csrfToken={session.csrfToken}
            type={type}
            known={known}
            given={given}
          />
        </>
      ) : (
        <EmptyState title="Sign in with a browser to upload here">
          <p>Everything else publishes with one PUT a file.</p>
        </EmptyState>
      )}
    </>
  )
  const trail = [{ label: owner.name, href: ownerPath(owner.name) }, { label: 'Upload' }]
  return pageResponse(call, { title: `Upload to ${owner.name}`, trail, body }, status)
}

function Types({ owner, chosen }: { readonly owner: string; readonly chosen: string }) {
  return (
    <nav aria-label="Kind of package">
      <ul class="links">
        {uploadTypes.map(({ type, title }) => (
          <li>
            <a
              href={uploadPath(owner, { type })}
              aria-current={type === chosen ? 'page' : undefined}
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

interface UploadFormProps {
  readonly owner: string
  readonly csrfToken: string
  readonly type: UploadType
  readonly known: readonly KnownRepository[]
  readonly given: { get(name: string): string | null | undefined }
}

function UploadForm({ owner, csrfToken, type, known, given }: UploadFormProps) {
  return (
    <form
      class="panel narrow"
      method="post"
      enctype="multipart/form-data"
      action={uploadPath(owner)}
      data-upload
    >
      <CsrfField token={csrfToken} />
      <input type="hidden" name="type" value={type.type} />
      {type.fields.map(({ name, label, example, pattern }) => (
        <TextField
          name={name}
          label={label}
          hint={`${name === REPOSITORY_FIELD ? 'The name of an existing repository, or of a new one' : 'Such as'}: ${example}`}
          {...(pattern === undefined ? {} : { pattern })}
          value={given.get(name) ?? (name === REPOSITORY_FIELD ? known[0]?.name : undefined)}
          {...(name === REPOSITORY_FIELD && known.length > 0 ? { list: 'repositories' } : {})}
          required
        />
      ))}
      {known.length > 0 && (
        <datalist id="repositories">
          {known.map(({ name }) => (
            <option value={name} />
          ))}
        </datalist>
      )}
      <Field
        name="files"
        label="Files"
        hint="Several at once, up to 100 MB together. They can be dropped here."
      >
        <input
          id="field-files"
          name="files"
          type="file"
          accept={type.accept}
          aria-describedby="hint-files"
          multiple
          required
        />
      </Field>
      <button class="primary" type="submit">
        Upload
      </button>
    </form>
  )
}

const OUTCOMES = {
  published: { label: 'Published', kind: 'accent' },
  present: { label: 'Already there', kind: undefined },
  refused: { label: 'Refused', kind: 'warn' },
} as const

function Results({ results }: { readonly results: readonly UploadResult[] }) {
  const count = results.filter(({ outcome }) => outcome !== 'refused').length
  return (
    <section aria-label="What became of the files">
      <p role="status">
        {count} of {results.length} files are published.
      </p>
      <ul class="rows">
        {results.map(({ name, outcome, text, page }) => {
          const { label, kind } = OUTCOMES[outcome]
          return (
            <li>
              <p>
                {page === undefined ? (
                  <span class="name">{name}</span>
                ) : (
                  <a class="name" href={page}>
                    {name}
                  </a>
                )}{' '}
                <Badge {...(kind === undefined ? {} : { kind })}>{label}</Badge>
              </p>
              <p>{text}</p>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
