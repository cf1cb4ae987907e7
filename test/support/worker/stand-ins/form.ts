// A stand-in of types whose clients send a form about each file of a version, as twine does, with a file for each
// platform; and whose files of some names are replaced, as Maven's metadata is.
import { authorOf } from '../../../../src/core/access/principal.ts'
import { invalidRequest } from '../../../../src/core/errors.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { findVersionFile } from '../../../../src/core/packages/file-row.ts'
import { readToEnd } from '../../../../src/formats/bytes.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../../../src/http/endpoint.ts'
import { openFormBody } from '../../../../src/http/form-body.ts'
import { publishUpload, requireWritable } from '../../../../src/http/publication.ts'
import { removeSelected } from '../../../../src/http/removal.ts'
import type { PackageType } from '../../../../src/types/type.ts'
import { downloadEndpoint } from './download.ts'

export const FORM_TYPE = 'stand-in-form'
const BASE = `/api/packages/:owner/${FORM_TYPE}`
const FILE = `${BASE}/:package/:version/:file`

function publishForm(call: OwnedCall): Promise<Response> {
  const limits = { file: 'content', fieldBytes: 100_000, maxFields: 20 }
  const { body, fields, fileName } = openFormBody(call.request, limits)
  const only = (name: string) => fields.get(name)?.at(0) ?? ''
  return publishUpload(call, {
    ...{ type: FORM_TYPE, into: { creation: 'any-version' }, body },
    inspect: async (source) => {
      await readToEnd(source)
      requireWritable(call, { type: FORM_TYPE, repository: null, packageName: only('name') })
      return { name: only('name'), version: only('version'), keywords: fields.get('keyword') ?? [] }
    },
    verify: (_, { sha256 }) => {
      if (!(fields.get('sha256') ?? [sha256]).includes(sha256)) throw invalidRequest('other bytes')
    },
    describe: ({ name, version, keywords }, blob) => ({
      changeId: timeOrderedId(Date.now()),
      ...{ packageName: name, version, fileName: fileName(), architecture: '', compositeKey: '' },
      metadata: JSON.stringify({ description: only('description'), keywords }),
      ...{ properties: {}, blob, createdBy: authorOf(call.principal) },
    }),
    wording: ({ packageName, version, fileName: name }) => ({
      ...{ what: name, place: `${call.owner.name}/${FORM_TYPE}`, advice: 'raise the version' },
      location: `/api/packages/${call.owner.name}/${FORM_TYPE}/${packageName}/${version}/${name}`,
    }),
  })
}

function replace(call: OwnedCall): Promise<Response> {
  const { package: packageName = '', version = '', file: fileName = '' } = call.params
  return publishUpload(call, {
    ...{ type: FORM_TYPE, into: { creation: 'any-version', replaces: true }, packageName },
    inspect: readToEnd,
    describe: (_, blob) => ({
      changeId: timeOrderedId(Date.now()),
      ...{ packageName, version, fileName, architecture: '', compositeKey: '' },
      ...{ metadata: '{}', properties: {}, blob, createdBy: authorOf(call.principal) },
    }),
    wording: () => ({
      ...{ what: fileName, place: `${call.owner.name}/${FORM_TYPE}`, advice: 'wait' },
      location: call.url.pathname,
    }),
  })
}

const endpoints: readonly Endpoint[] = [
  ownedEndpoint({
    ...{ method: 'POST', path: BASE, access: 'write', summary: 'Publish' },
    handler: publishForm,
  }),
  ownedEndpoint({
    ...{ method: 'PUT', path: FILE, access: 'write', summary: 'Replace' },
    handler: replace,
  }),
  downloadEndpoint(FILE, ({ package: packageName = '', version = '', file: fileName = '' }) =>
    findVersionFile({ type: FORM_TYPE, packageName, version, fileName }),
  ),
  ownedEndpoint({
    ...{ method: 'DELETE', path: FILE, access: 'write', summary: 'Remove' },
    handler: (call) => {
      const { package: packageName = '', version = '', file: fileName = '' } = call.params
      return removeSelected(call, FORM_TYPE, { packageName, version, fileName }, 'no such file')
    },
  }),
]

export const formType: PackageType = { type: FORM_TYPE, endpoints }
