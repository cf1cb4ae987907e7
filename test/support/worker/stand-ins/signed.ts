// A stand-in of types that sign a package on its way, as RPM's do: a line is put behind the first one, and what is
// stored is not what was sent.
import { Buffer } from 'node:buffer'
import { authorOf } from '../../../../src/core/access/principal.ts'
import { invalidRequest } from '../../../../src/core/errors.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { findVersionFile } from '../../../../src/core/packages/file-row.ts'
import { ByteReader, type ByteSource } from '../../../../src/formats/bytes.ts'
import { FormatError } from '../../../../src/formats/format-error.ts'
import { type OwnedCall, ownedEndpoint } from '../../../../src/http/endpoint.ts'
import { publishUpload } from '../../../../src/http/publication.ts'
import { removeSelected } from '../../../../src/http/removal.ts'
import type { PackageType } from '../../../../src/types/type.ts'
import { downloadEndpoint } from './download.ts'

export const SIGNED_TYPE = 'stand-in-signed'
const VERSION = `/api/packages/:owner/${SIGNED_TYPE}/:package/:version`

export const HEAD = 'package\n'
export const SIGNATURE = 'signed\n'

async function* sign(source: ByteSource): ByteSource {
  const reader = new ByteReader(source)
  const head = Buffer.from(await reader.readExactly(HEAD.length, 'the head')).toString()
  if (head !== HEAD) throw new FormatError('malformed', 'no package: it has another head')
  yield Buffer.from(HEAD + SIGNATURE)
  for (let rest = await reader.readSome(); rest; rest = await reader.readSome()) yield rest
}

/** Stops where it has enough, as none may. */
async function* signHead(source: ByteSource): ByteSource {
  for await (const chunk of source) {
    yield chunk
    return
  }
}

/** The query may have `sha256` and `size` that the client claims, and `careless`. */
function publish(call: OwnedCall): Promise<Response> {
  const { package: packageName = '', version = '' } = call.params
  const { searchParams: query } = call.url
  return publishUpload(call, {
    ...{ type: SIGNED_TYPE, into: { creation: 'any-version' }, packageName },
    transform: query.has('careless') ? signHead : sign,
    async inspect(source) {
      let text = ''
      for await (const chunk of source) text += Buffer.from(chunk.subarray(0, 100)).toString()
      if (text.includes('refused')) throw new FormatError('malformed', 'it is refused')
      return { isSigned: text.startsWith(HEAD + SIGNATURE) }
    },
    verify(_, { sha256, size }) {
      if ((query.get('sha256') ?? sha256) !== sha256) throw invalidRequest(`it has ${sha256}`)
      if (Number(query.get('size') ?? size) !== size) throw invalidRequest(`it has ${size} bytes`)
    },
    describe: ({ isSigned }, blob) => ({
      changeId: timeOrderedId(Date.now()),
      ...{ packageName, version, fileName: 'file', architecture: '', compositeKey: '', blob },
      metadata: JSON.stringify({ isSigned, size: blob.size }),
      ...{ properties: {}, createdBy: authorOf(call.principal) },
    }),
    wording: () => ({
      ...{ what: `${packageName} ${version}`, place: `${call.owner.name}/${SIGNED_TYPE}` },
      ...{ advice: 'raise the version', location: call.url.pathname },
    }),
  })
}

export const signedType: PackageType = {
  type: SIGNED_TYPE,
  endpoints: [
    ownedEndpoint({
      ...{ method: 'PUT', path: VERSION, access: 'write', summary: 'Publish' },
      handler: publish,
    }),
    downloadEndpoint(VERSION, ({ package: packageName = '', version = '' }) =>
      findVersionFile({ type: SIGNED_TYPE, packageName, version, fileName: 'file' }),
    ),
    ownedEndpoint({
      ...{ method: 'DELETE', path: VERSION, access: 'write', summary: 'Remove' },
      handler: (call) => {
        const { package: packageName = '', version = '' } = call.params
        return removeSelected(call, SIGNED_TYPE, { packageName, version }, 'no such version')
      },
    }),
  ],
}
