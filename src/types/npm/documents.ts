// GET of what clients read about a package: all versions in full or, for installs, in short; one version; tags.
import type { DocumentFile, DocumentPackage, PackageState } from '../../core/packages/document.ts'
import type { DocumentBuilder } from '../../core/packages/document-body.ts'
import { nearDocument } from '../../core/packages/file-row.ts'
import { weightOfType } from '../../http/accept.ts'
import { documentAnswers, documentResponse } from '../../http/document-response.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { jsonContent } from '../../http/operation.ts'
import {
  buildManifest,
  buildPackument,
  type DocumentText,
  type PackumentForm,
  type PackumentVersion,
} from './format/packument.ts'
import { LATEST } from './format/tag.ts'
import { DEPRECATED } from './marks.ts'
import {
  absent,
  findDocument,
  findPackage,
  findVersion,
  PACKAGE_PARAMETERS,
  packagePaths,
  TYPE,
  VERSION_PARAMETERS,
} from './names.ts'
import { DIGESTS } from './publish.ts'

const SHORT_TYPE = 'application/vnd.npm.install-v1+json'

export const documentEndpoints: readonly Endpoint[] = [
  ownedEndpoint<PackageState>({
    method: 'GET',
    ...packagePaths('/dist-tags', '/-/package'),
    access: 'read',
    summary: 'The tags of a package',
    operation: {
      id: 'listNpmTags',
      tag: TYPE,
      path: PACKAGE_PARAMETERS,
      ...documentAnswers(jsonContent({ type: 'object', additionalProperties: { type: 'string' } })),
    },
    // Of the versions one is read and none shown: the tags come with any of them.
    resource: (params) => findDocument(params, { tag: LATEST }),
    handler: tags,
  }),
  ownedEndpoint<PackageState>({
    method: 'GET',
    ...packagePaths(''),
    access: 'read',
    summary: 'A package with all its versions',
    operation: {
      id: 'getNpmPackage',
      tag: TYPE,
      description: `In short, as installs read it, for the Accept \`${SHORT_TYPE}\`.`,
      path: PACKAGE_PARAMETERS,
      ...documentAnswers(jsonContent({ type: 'object' })),
    },
    resource: findPackage,
    near: () => nearDocument(TYPE),
    handler: packument,
  }),
  ownedEndpoint<PackageState>({
    method: 'GET',
    ...packagePaths('/:version'),
    access: 'read',
    summary: 'One version of a package',
    operation: {
      id: 'getNpmVersion',
      tag: TYPE,
      path: VERSION_PARAMETERS,
      ...documentAnswers(jsonContent({ type: 'object' })),
    },
    resource: findVersion,
    near: () => nearDocument(TYPE),
    handler: manifest,
  }),
]

async function packument(call: OwnedCall<PackageState>): Promise<Response> {
  const form: PackumentForm = wantsShort(call.request) ? 'short' : 'full'
  return documentResponse(call, call.resource, {
    ...{
      form: `${form}-4`,
      readme: form === 'full',
      contentType: form === 'short' ? SHORT_TYPE : 'application/json',
    },
    ...{ vary: 'accept', byOrigin: true, digests: DIGESTS, absent: absent(call.params) },
    build: (pkg, origin) =>
      builderOf(buildPackument(form, describe(pkg), registryOf(call, origin))),
  })
}

async function manifest(call: OwnedCall<PackageState>): Promise<Response> {
  return documentResponse(call, call.resource, {
    ...{ form: 'version-2', contentType: 'application/json', byOrigin: true, digests: DIGESTS },
    absent: absent(call.params),
    build: ({ displayName }, origin) =>
      builderOf(buildManifest(displayName, registryOf(call, origin))),
  })
}

async function tags(call: OwnedCall<PackageState>): Promise<Response> {
  return documentResponse(call, call.resource, {
    ...{ form: 'tags-1', contentType: 'application/json', digests: DIGESTS },
    absent: absent(call.params),
    build: ({ tags }) => ({
      begin: '',
      add: () => '',
      end: () => JSON.stringify(Object.fromEntries(tags)),
    }),
  })
}

/** Clients that install name the short form first, and others beside it with less weight. */
function wantsShort(request: Request): boolean {
  const accept = request.headers.get('accept')
  const weight = weightOfType(accept, SHORT_TYPE) ?? 0
  return weight > 0 && weight >= (weightOfType(accept, 'application/json') ?? 0)
}

/** The name of the owner as rows have it, not as the path writes it: texts are kept for all who ask. */
function registryOf({ owner }: OwnedCall, origin: string): string {
  return `${origin}/api/packages/${owner.name}/${TYPE}`
}

function describe({ displayName, state, createdAt, changedAt, tags, readme }: DocumentPackage) {
  const times = { createdAt, changedAt }
  return { name: displayName, revision: state, ...times, tags: Object.fromEntries(tags), readme }
}

function builderOf({ begin, add, end }: DocumentText): DocumentBuilder {
  return { begin, add: (file) => add(versionOf(file)), end }
}

function versionOf(file: DocumentFile): PackumentVersion {
  const { displayVersion, sha1, sha512, metadata, createdAt, marks } = file
  const deprecated = marks[DEPRECATED]
  return { version: displayVersion, sha1, sha512, metadata, createdAt, deprecated }
}
