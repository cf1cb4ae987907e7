// A stand-in of types whose files say at their end what they are, as zips do: a file ends with JSON and the
// four bytes of its length. It may bring a list of what it holds.
import { Buffer } from 'node:buffer'
import { authorOf } from '../../../../src/core/access/principal.ts'
import type { StoredContent } from '../../../../src/core/blobs/stage.ts'
import { invalidRequest } from '../../../../src/core/errors.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { type FileRow, findVersionFile } from '../../../../src/core/packages/file-row.ts'
import { readToEnd } from '../../../../src/formats/bytes.ts'
import { ContentListWriter } from '../../../../src/formats/content-list.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../../../src/http/endpoint.ts'
import { memberResponse } from '../../../../src/http/member-response.ts'
import { publishUpload, requireWritable } from '../../../../src/http/publication.ts'
import type { PackageType } from '../../../../src/types/type.ts'
import { downloadEndpoint, requireFile } from './download.ts'

export const TAIL_TYPE = 'stand-in-tail'

export interface Tail {
  readonly name: string
  readonly version: string
  /** Paths that it says it holds. */
  readonly paths?: readonly string[]
  /** Has the reader look for something outside of the file. */
  readonly beyond?: true
}

export function tailed(tail: Tail, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(JSON.stringify(tail))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return Buffer.concat([content, json, length])
}

async function readTail({ size, read }: StoredContent): Promise<Tail> {
  const refusal = invalidRequest('the file does not end with what it holds')
  if (size < 4) throw refusal
  const length = Buffer.from(await read(size - 4, 4)).readUInt32LE()
  if (length > Math.min(size - 4, 1000)) throw refusal
  const tail = JSON.parse(Buffer.from(await read(size - 4 - length, length)).toString()) as Tail
  if (tail.beyond) await read(size - 1, 2)
  return tail
}

function publish(call: OwnedCall): Promise<Response> {
  return publishUpload(call, {
    type: TAIL_TYPE,
    into: { creation: 'any-version' },
    digests: ['sha1'],
    inspect: readToEnd,
    examine: async (stored) => {
      const tail = await readTail(stored)
      requireWritable(call, { type: TAIL_TYPE, repository: null, packageName: tail.name })
      return tail
    },
    contentsOf: ({ paths = [] }) => {
      const list = new ContentListWriter()
      for (const path of paths) list.add({ path, type: 'file', mode: '0644', size: 1 })
      return list.finish()
    },
    describe: ({ name, version }, blob) => ({
      changeId: timeOrderedId(Date.now()),
      ...{ packageName: name, version, fileName: 'file', architecture: '', compositeKey: '' },
      ...{ metadata: '{}', properties: {}, blob, createdBy: authorOf(call.principal) },
    }),
    wording: ({ packageName, version }) => ({
      what: `${packageName} ${version}`,
      place: `${call.owner.name}/${TAIL_TYPE}`,
      location: `/api/packages/${call.owner.name}/${TAIL_TYPE}/${packageName}/${version}`,
      advice: 'raise the version',
    }),
  })
}

const BASE = `/api/packages/:owner/${TAIL_TYPE}`

const endpoints: readonly Endpoint[] = [
  ownedEndpoint({
    ...{ method: 'PUT', path: `${BASE}/new`, access: 'write', summary: 'Publish' },
    handler: publish,
  }),
  downloadEndpoint(`${BASE}/:package/:version`, ({ package: packageName = '', version = '' }) =>
    findVersionFile({ type: TAIL_TYPE, packageName, version, fileName: 'file' }),
  ),
]

/** Tests know where the member of a file is; a type would read it from the file's row. */
const MEMBER = `${BASE}/:package/:version/member/:method/:offset/:compressedSize/:size/:sha256`

const memberEndpoint = ownedEndpoint<FileRow>({
  ...{ method: 'GET', path: MEMBER, access: 'read', summary: 'A member of the file' },
  resource: ({ package: packageName = '', version = '' }) =>
    findVersionFile({ type: TAIL_TYPE, packageName, version, fileName: 'file' }),
  handler: async (call) => {
    const { method, offset, compressedSize, size, sha256 = '' } = call.params
    return memberResponse(
      call,
      { ...requireFile(call), immutable: false },
      {
        method: method === '8' ? 8 : 0,
        ...{ offset: Number(offset), compressedSize: Number(compressedSize), size: Number(size) },
        ...{ sha256, contentType: 'text/plain; charset=utf-8' },
      },
    )
  },
})

export const tailType: PackageType = { type: TAIL_TYPE, endpoints: [...endpoints, memberEndpoint] }
