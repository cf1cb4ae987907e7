// A stand-in of types whose clients put something around the file, as cargo and npm do: a line of JSON, the
// file, and a last line. Its packages have one spelling, its versions tags, its names stay taken, and its client reads
// JSON.
import { Buffer } from 'node:buffer'
import { authorOf } from '../../../../src/core/access/principal.ts'
import { invalidRequest } from '../../../../src/core/errors.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { findVersionFile } from '../../../../src/core/packages/file-row.ts'
import { ByteReader, type ByteSource, readToEnd } from '../../../../src/formats/bytes.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../../../src/http/endpoint.ts'
import { publishUpload, requireWritable } from '../../../../src/http/publication.ts'
import { removeSelected } from '../../../../src/http/removal.ts'
import type { PackageType } from '../../../../src/types/type.ts'
import { downloadEndpoint } from './download.ts'

export const WRAPPED_TYPE = 'stand-in-wrapped'

/** What the first line says. */
export interface WrappedHead {
  readonly name: string
  readonly version: string
  /** Bytes of the file. */
  readonly length: number
  readonly sha256?: string
  readonly tags?: readonly {
    readonly name: string
    readonly onlyIfAbsent?: true
    readonly fallsBack?: true
  }[]
  /** Has the reader stop behind the last line, whatever follows. */
  readonly careless?: true
  /** Bytes of text that the metadata is to have. */
  readonly padding?: number
}

const LAST_LINE = 'end\n'

/** A body as its client sends it. */
export function wrap(head: Omit<WrappedHead, 'length'>, file: Uint8Array): Uint8Array<ArrayBuffer> {
  const line = `${JSON.stringify({ ...head, length: file.length })}\n`
  return Buffer.concat([Buffer.from(line), file, Buffer.from(LAST_LINE)])
}

async function readLine(reader: ByteReader): Promise<string> {
  let line = ''
  while (!line.endsWith('\n') && line.length < 1000) {
    line += Buffer.from(await reader.readExactly(1, 'a line')).toString('latin1')
  }
  return line
}

async function* unwrap(source: ByteSource, take: (head: WrappedHead) => void): ByteSource {
  const reader = new ByteReader(source)
  const head = JSON.parse(await readLine(reader)) as WrappedHead
  take(head)
  for (let left = head.length; left > 0; ) {
    const chunk = await reader.readExactly(Math.min(left, 65_536), 'the file')
    left -= chunk.length
    yield chunk
  }
  if ((await readLine(reader)) !== LAST_LINE) throw invalidRequest('the last line is not "end"')
  // What follows within the last chunk: the rest of the body is the caller's to look at.
  if (!head.careless && !(await reader.atEnd())) throw invalidRequest('something follows')
}

const versionOrder = (version: string) => ({ key: version.padStart(9, '0'), prerelease: false })

const fold = (name: string) => name.toLowerCase().replaceAll('_', '-')

function publish(call: OwnedCall): Promise<Response> {
  let head: WrappedHead | undefined
  return publishUpload(call, {
    type: WRAPPED_TYPE,
    into: { creation: 'new-version', oneSpelling: true, namesStayTaken: true },
    body: (source) => unwrap(source, (read) => (head = read)),
    inspect: async (source) => {
      await readToEnd(source)
      if (head === undefined) throw new Error('a body without its first line')
      requireWritable(call, { type: WRAPPED_TYPE, repository: null, packageName: fold(head.name) })
      return head
    },
    verify: ({ sha256 }, content) => {
      if (sha256 !== undefined && sha256 !== content.sha256) {
        throw invalidRequest(`sha256 is ${content.sha256}, and not as claimed`)
      }
    },
    describe: ({ name, version, tags = [], padding = 0 }, blob) => ({
      changeId: timeOrderedId(Date.now()),
      packageName: fold(name),
      ...{ version, fileName: 'file', architecture: '', compositeKey: '' },
      display: { packageName: name, version, fileName: 'file' },
      order: versionOrder(version),
      metadata: JSON.stringify({ description: 'x'.repeat(padding) }),
      ...{ properties: {}, tags, blob, createdBy: authorOf(call.principal) },
    }),
    wording: ({ display, version }) => ({
      what: `${display?.packageName} ${version}`,
      place: `${call.owner.name}/${WRAPPED_TYPE}`,
      location: `/api/packages/${call.owner.name}/${WRAPPED_TYPE}/${display?.packageName}/${version}`,
      advice: 'raise the version',
    }),
    respond: (_, { packageName, version }) =>
      Response.json(
        { ok: true },
        {
          headers: {
            location: `${BASE.replace(':owner', call.owner.name)}/${packageName}/${version}`,
          },
        },
      ),
  })
}

const BASE = `/api/packages/:owner/${WRAPPED_TYPE}`

const endpoints: readonly Endpoint[] = [
  ownedEndpoint({
    ...{ method: 'PUT', path: `${BASE}/new`, access: 'write', summary: 'Publish' },
    handler: publish,
  }),
  downloadEndpoint(`${BASE}/:package/:version`, ({ package: name = '', version = '' }) =>
    findVersionFile({ type: WRAPPED_TYPE, packageName: fold(name), version, fileName: 'file' }),
  ),
  ownedEndpoint({
    ...{ method: 'DELETE', path: `${BASE}/:package/:version`, access: 'write', summary: 'Remove' },
    handler: (call) => {
      const { package: name = '', version = '' } = call.params
      const selected = { packageName: fold(name), version }
      return removeSelected(call, WRAPPED_TYPE, selected, 'no such version')
    },
  }),
]

export const wrappedType: PackageType = {
  type: WRAPPED_TYPE,
  endpoints,
  foldName: fold,
  versionOrder,
}
