// PURE: from the fields of the upload form to the publishing endpoint of a type and its parameters.
// Knows no type by name: what is asked for is what the type says.
import { invalidRequest } from '../core/errors.ts'
import type { OwnedCall, OwnedEndpoint, Params } from '../http/endpoint.ts'
import { packageTypes } from '../types/registration.ts'
import { splitRepositoryName } from '../types/repository-name.ts'
import type { BrowserUpload, PackageType, RepositoryNaming, UploadField } from '../types/type.ts'

export interface UploadType {
  readonly type: string
  /** As people call it. */
  readonly title: string
  readonly accept: string | undefined
  /** The repository first, where the type has them. */
  readonly fields: readonly CheckedField[]
  readonly publish: (call: OwnedCall) => Promise<Response>
  /**
   * The publishing path's parameters and the path itself.
   * @throws RegistryError invalid-request, invalid-name
   */
  readonly target: (
    owner: string,
    fields: ReadonlyMap<string, string>,
    fileName: string,
  ) => { readonly params: Params; readonly path: string }
}

interface CheckedField extends UploadField {
  /** What browsers hold a name against while it is typed, as HTML has it; the endpoint checks it again. */
  readonly pattern?: string
}

/** The field that a type's repositories are named in, as the lists name them. */
export const REPOSITORY_FIELD = 'repository'

/** The types that take uploads of browsers, in the order of their registration. */
export const uploadTypes: readonly UploadType[] = packageTypes.flatMap(
  (packageType: PackageType) =>
    packageType.upload === undefined ? [] : [uploadTypeOf(packageType, packageType.upload)],
)

function uploadTypeOf(packageType: PackageType, upload: BrowserUpload): UploadType {
  const { repositories } = packageType
  const example = repositories?.path.replaceAll(':', '') ?? ''
  const repository = {
    ...{ name: REPOSITORY_FIELD, label: 'Repository', example },
    ...(repositories === undefined ? {} : { pattern: patternOf(repositories) }),
  }
  return {
    type: packageType.type,
    title: packageType.view?.title ?? packageType.type,
    accept: upload.accept,
    fields: [...(repositories === undefined ? [] : [repository]), ...upload.fields],
    publish: publisherOf(packageType, upload),
    target(owner, fields, fileName) {
      const params: Record<string, string> = { owner }
      for (const { name } of upload.fields) params[name] = requireField(fields, name)
      if (upload.fileParameter !== undefined) params[upload.fileParameter] = fileName
      if (repositories !== undefined) {
        const name = requireField(fields, REPOSITORY_FIELD)
        Object.assign(params, splitRepositoryName(repositories, name))
      }
      return { params, path: fillPath(upload.path, params) }
    },
  }
}

/** Of a whole name, from what each of its parts may be. Browsers read it with the flag `v`, which escapes hyphens. */
function patternOf({ path, parameters }: RepositoryNaming): string {
  return path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => {
    const part = String(parameters[name]?.pattern ?? '[^\\/]+')
    return part.replace(/^\^|\$$/g, '').replaceAll('-]', '\\-]')
  })
}

/** The endpoint that every client publishes with: there is no second way in. */
function publisherOf({ type, endpoints }: PackageType, { path }: BrowserUpload) {
  const found = endpoints.find((endpoint) => endpoint.method === 'PUT' && endpoint.path === path)
  if (found?.access !== 'write') throw new Error(`${type} has no endpoint PUT ${path}`)
  return (found as OwnedEndpoint<unknown>).handler
}

function requireField(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name)?.trim() ?? ''
  if (value !== '') return value
  throw invalidRequest(`the field ${name} is empty: fill it in`)
}

/** The path that a client would have sent the file to. */
function fillPath(template: string, params: Params): string {
  return template.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  )
}
