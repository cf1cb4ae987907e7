// A stand-in of package types whose clients read documents: of a package in three forms, one of which has
// absolute addresses in it, of a version, of the version that a tag points at, and of the files of a version
// under a key, as Conan's clients ask for them. A file's body is its metadata, so a test says what rows hold.
import { authorOf } from '../../../../src/core/access/principal.ts'
import { RegistryError } from '../../../../src/core/errors.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import {
  type DocumentFile,
  type DocumentPackage,
  type DocumentScope,
  findPackageState,
  type PackageState,
} from '../../../../src/core/packages/document.ts'
import type { DocumentBuilder } from '../../../../src/core/packages/document-body.ts'
import { setMarks } from '../../../../src/core/packages/marks.ts'
import { moveTag } from '../../../../src/core/packages/tags.ts'
import { limitsOf } from '../../../../src/env.ts'
import { type ByteSource, concatBytes } from '../../../../src/formats/bytes.ts'
import { type DocumentAnswer, documentResponse } from '../../../../src/http/document-response.ts'
import type { Params } from '../../../../src/http/endpoint.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../../../src/http/endpoint.ts'
import { publishUpload } from '../../../../src/http/publication.ts'
import { removeSelected } from '../../../../src/http/removal.ts'
import type { PackageType } from '../../../../src/types/type.ts'

export const DOCUMENT_TYPE = 'stand-in-document'
export const SHORT_FORM = 'application/vnd.short+json'
export const LIST_FORM = 'text/plain'

/** What a document says, once it is parsed. */
export interface StandInDocument {
  readonly name: string
  readonly state: string
  readonly changes: number
  readonly changedAt: number
  readonly origin: string
  readonly tags: Readonly<Record<string, string>>
  readonly files: readonly DocumentFile[]
  readonly count: number
}

function buildFull(pkg: DocumentPackage, origin: string): DocumentBuilder {
  const { tags, ...rest } = pkg
  const head = JSON.stringify({ ...rest, origin, tags: Object.fromEntries(tags) })
  let count = 0
  return {
    begin: `${head.slice(0, -1)},"files":[`,
    add: (file) => `${count++ === 0 ? '' : ','}${JSON.stringify(file)}`,
    end: () => `],"count":${count}}`,
  }
}

function buildShort({ name, state }: DocumentPackage, origin: string): DocumentBuilder {
  const lines: string[] = [origin]
  return {
    begin: `${name} ${state}\n`,
    add: ({ version, name: file, sha256, sha1, sha512, md5 }) => {
      lines.push(version)
      return `${version} ${file} ${sha256} ${sha1}|${sha512}|${md5}\n`
    },
    end: () => `${lines.length - 1}${origin}\n`,
  }
}

function buildList(): DocumentBuilder {
  return { begin: '', add: ({ version }) => `${version}\n`, end: () => '' }
}

const FORMS: Readonly<Record<string, Omit<DocumentAnswer, 'absent' | 'contentType'>>> = {
  [SHORT_FORM]: { form: 'short-1', build: buildShort, digests: ['sha1'] },
  [LIST_FORM]: { form: 'list-1', build: buildList },
}

async function respond(call: OwnedCall<PackageState>): Promise<Response> {
  const accept = call.request.headers.get('accept') ?? ''
  return documentResponse(call, call.resource, {
    ...(FORMS[accept] ?? { form: 'full-1', byOrigin: true, build: buildFull }),
    contentType: accept in FORMS ? accept : 'application/json',
    ...{ vary: 'accept', absent: `no such document: ${call.url.pathname}` },
  })
}

const BASE = `/api/packages/:owner/${DOCUMENT_TYPE}`

function documentEndpoint(path: string, scopeOf: (params: Params) => DocumentScope): Endpoint {
  return ownedEndpoint<PackageState>({
    ...{ method: 'GET', path: `${BASE}${path}`, access: 'read', summary: 'A document' },
    resource: (params) =>
      findPackageState({
        ...{ type: DOCUMENT_TYPE, packageName: params.package ?? '', scope: scopeOf(params) },
      }),
    handler: respond,
  })
}

async function readText(source: ByteSource): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return new TextDecoder().decode(concatBytes(chunks))
}

function publish(call: OwnedCall): Promise<Response> {
  const { package: packageName = '', version = '', file: fileName = '' } = call.params
  return publishUpload(call, {
    ...{ type: DOCUMENT_TYPE, into: { creation: 'any-version' }, packageName, inspect: readText },
    describe: (metadata, blob) => ({
      ...{ changeId: timeOrderedId(Date.now()), packageName, version, fileName },
      display: { packageName: packageName.toUpperCase(), version: `v${version}`, fileName },
      ...{ architecture: 'any', compositeKey: call.url.searchParams.get('key') ?? '', metadata },
      ...{ properties: {}, blob, createdBy: authorOf(call.principal) },
    }),
    wording: () => ({
      ...{ what: fileName, place: DOCUMENT_TYPE, location: call.url.pathname, advice: 'rename it' },
    }),
  })
}

async function mark(call: OwnedCall): Promise<Response> {
  const { package: packageName = '', version = '', mark: name = '' } = call.params
  const place = { ownerId: call.owner.id, type: DOCUMENT_TYPE }
  const value = (await call.request.text()) || null
  const marks = { packageName, marks: [{ version, name, value, withdraws: false }] }
  const change = { changeId: crypto.randomUUID(), createdBy: authorOf(call.principal) }
  return new Response(await setMarks(call.env.DB, place, marks, change))
}

async function tag(call: OwnedCall): Promise<Response> {
  const { package: packageName = '', tag: name = '' } = call.params
  const place = { ownerId: call.owner.id, type: DOCUMENT_TYPE, packageName }
  const change = { changeId: crypto.randomUUID(), createdBy: authorOf(call.principal) }
  const outcome = await moveTag(
    call.env.DB,
    place,
    name,
    await call.request.text(),
    change,
    limitsOf(call.env),
  )
  if (outcome === 'unknown') throw new RegistryError({ code: 'outcome-unknown' })
  return new Response(outcome, { status: outcome.endsWith('-absent') ? 404 : 200 })
}

export const documentType: PackageType = {
  type: DOCUMENT_TYPE,
  endpoints: [
    documentEndpoint('/-/package/:package', () => 'package'),
    documentEndpoint('/-/version/:package/:version', ({ version = '' }) => ({ version })),
    documentEndpoint('/-/tag/:package/:tag', ({ tag: name = '' }) => ({ tag: name })),
    documentEndpoint('/-/key/:package/:version/:prefix{.+}', ({ version = '', prefix = '' }) => ({
      ...{ version, keyPrefix: prefix },
    })),
    ownedEndpoint({
      ...{ method: 'PUT', path: `${BASE}/-/tag/:package/:tag`, access: 'write', summary: 'Move' },
      handler: tag,
    }),
    ownedEndpoint({
      ...{ method: 'PUT', path: `${BASE}/-/mark/:package/:version/:mark`, access: 'write' },
      ...{ summary: 'Mark', handler: mark },
    }),
    ownedEndpoint({
      ...{ method: 'PUT', path: `${BASE}/:package/:version/:file`, access: 'write' },
      ...{ summary: 'Publish', handler: publish },
    }),
    ownedEndpoint({
      ...{ method: 'DELETE', path: `${BASE}/:package/:version`, access: 'write' },
      summary: 'Remove',
      handler: (call) =>
        removeSelected(
          call,
          DOCUMENT_TYPE,
          { packageName: call.params.package ?? '', version: call.params.version ?? '' },
          'no such version',
        ),
    }),
  ],
}
