// Stand-ins of types whose lists are not those of architectures: one whose repositories have a list for each component
// and architecture, as Debian's do, with the files for all architectures in each; and one whose repositories have a
// single list, as RPM's do. An entry says neither architecture nor component by itself.
import { Buffer } from 'node:buffer'
import { authorOf } from '../../../../src/core/access/principal.ts'
import { invalidRequest } from '../../../../src/core/errors.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { type FileRow, findRepositoryFile } from '../../../../src/core/packages/file-row.ts'
import { findIndexFile, type IndexFileRow } from '../../../../src/core/packages/index-file.ts'
import { type OwnedCall, ownedEndpoint, type Params } from '../../../../src/http/endpoint.ts'
import { indexResponse } from '../../../../src/http/index-response.ts'
import { publishUpload, requireWritable } from '../../../../src/http/publication.ts'
import { removeFound } from '../../../../src/http/removal.ts'
import type {
  IndexBuild,
  IndexFile,
  PackageType,
  RepositoryIndexing,
  StoredIndexFile,
} from '../../../../src/types/type.ts'
import { inflate } from '../distribution.ts'
import { downloadEndpoint, requireFile } from './download.ts'

export const COMPONENTS_TYPE = 'stand-in-components'
export const ONE_LIST_TYPE = 'stand-in-one-list'

/** What a file of such a type is called, and what its bytes begin with. */
export interface ListedPackage {
  readonly name: string
  readonly architecture: string
  readonly component: string
}

export const ALL = 'all'
const MAX_PARTS = 4

const listPath = (part: string) => [part, 'list'].filter(Boolean).join('/')

const archOf = (fileName: string) => /_([a-z0-9]+)\.pkg$/.exec(fileName)?.[1] ?? ''

/** How a type separates its lists. */
interface Separation {
  partOf(file: Pick<ListedPackage, 'component' | 'architecture'>): string
  /** The parts that the list of a part has. */
  listedWith(part: string): readonly string[]
}

const byComponent: Separation = {
  partOf: ({ component, architecture }) => `${component}/${architecture}`,
  listedWith: (part) => [...new Set([part, part.replace(/[^/]+$/, ALL)])],
}

const together: Separation = { partOf: () => '', listedWith: () => [''] }

function indexingOf({ listedWith }: Separation): RepositoryIndexing {
  const partsIn = (path: string) => listedWith(path.replace(/\/?list$/, ''))
  return {
    clashes: (existing, added) => existing === added,
    refusalOf(part, existing) {
      const known = existing.some(({ path }) => path === listPath(part))
      if (known || existing.length < MAX_PARTS) return undefined
      const detail = `${part} would be one list too many`
      return { code: 'invalid-package', reason: 'invalid-field', detail }
    },
    entryText: (metadata) => `${(JSON.parse(metadata) as { entry: string }).entry}\n`,
    buildIndexFiles: (build) => ({
      written: concerned(build, partsIn).map((path) => listOf(build, path, partsIn(path))),
      dropped: [],
    }),
    partsIn,
    inspectIndexFile: (file, _, take) => inspect(file, partsIn(file.path), take),
  }
}

/** The lists of the parts that change, and those that list them too. */
function concerned(
  { existing, changed }: IndexBuild,
  partsIn: (path: string) => readonly string[],
) {
  const known = existing.map(({ path }) => path)
  if (changed === 'all') return known
  const lists = [...known, ...[...changed].map(listPath)]
  return [...new Set(lists)].filter((path) => partsIn(path).some((part) => changed.has(part)))
}

function listOf(build: IndexBuild, path: string, listed: readonly string[]): IndexFile {
  const sources = listed.map((part) => build.segmentsOf(part))
  const lengths = sources.flatMap(({ summaries }) => summaries.map((each) => each.length))
  return {
    path,
    length: lengths.reduce((sum, each) => sum + each, 0),
    *parts() {
      for (const source of sources) yield* inflate(source)
    },
  }
}

async function inspect(
  { content }: StoredIndexFile,
  parts: readonly string[],
  take: Parameters<RepositoryIndexing['inspectIndexFile']>[2],
): Promise<readonly string[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  for (const line of Buffer.concat(chunks).toString().split('\n').slice(0, -1)) {
    const [fileName = ''] = line.split(' ')
    const [own = '', others] = parts
    const part = others !== undefined && archOf(fileName) === ALL ? others : own
    await take({ part, fileName, text: `${line}\n` })
  }
  return []
}

function listsType(type: string, separation: Separation): PackageType {
  const base = `/api/packages/:owner/${type}/:repository/:component`
  const { repository: place, indexPlace } = placesOf(type, separation)
  return {
    type,
    indexing: indexingOf(separation),
    endpoints: [
      ownedEndpoint({
        ...{ method: 'PUT', path: `${base}/upload`, access: 'write', summary: 'Publish' },
        handler: (call) => publish(call, type, separation),
      }),
      downloadEndpoint(`${base}/files/:file`, place),
      ownedEndpoint<FileRow>({
        ...{ method: 'DELETE', path: `${base}/files/:file`, access: 'write', summary: 'Remove' },
        resource: place,
        handler: (call) => removeFound(call, type, [requireFile(call)], 'none'),
      }),
      ownedEndpoint<IndexFileRow>({
        ...{ method: 'GET', path: `${base}/lists/:architecture`, access: 'read', summary: 'List' },
        resource: (params) => findIndexFile(indexPlace(params)),
        handler: async (call) => {
          const answer = { contentType: 'text/plain' }
          const response = await indexResponse(call, indexPlace(call.params), answer)
          return response ?? new Response('no such list\n', { status: 404 })
        },
      }),
    ],
  }
}

function placesOf(type: string, { partOf }: Separation) {
  return {
    repository: ({ repository = '', component = '', file: fileName = '' }: Params) => {
      const part = partOf({ component, architecture: archOf(fileName) })
      return findRepositoryFile({ type, repository, fileName, parts: [part] })
    },
    indexPlace: ({ repository = '', component = '', architecture = '' }: Params) => {
      const path = listPath(partOf({ component, architecture }))
      return { type, repository, paths: [path] as const }
    },
  }
}

function publish(call: OwnedCall, type: string, { partOf }: Separation): Promise<Response> {
  const { repository = '', component = '' } = call.params
  return publishUpload(call, {
    ...{ type, into: { repository } },
    async inspect(source) {
      let head = ''
      for await (const chunk of source) head ||= Buffer.from(chunk.subarray(0, 100)).toString()
      const [line = ''] = head.split('\n')
      const [, name, architecture] = /^([a-z]+) ([a-z0-9]+)$/.exec(line) ?? []
      if (name === undefined || architecture === undefined) throw invalidRequest('no first line')
      requireWritable(call, { type, repository, packageName: name })
      return { name, architecture }
    },
    describe: ({ name, architecture }, blob) => {
      const fileName = `${name}_${architecture}.pkg`
      return {
        changeId: timeOrderedId(Date.now()),
        ...{ packageName: name, version: '1', fileName, architecture },
        part: partOf({ component, architecture }),
        compositeKey: `${repository}/${component}/${architecture}`,
        metadata: JSON.stringify({ entry: `${fileName} ${blob.sha256}` }),
        ...{ properties: {}, blob, createdBy: authorOf(call.principal) },
      }
    },
    wording: ({ fileName }) => ({
      ...{ what: fileName, place: `${call.owner.name}/${repository}`, advice: 'rename it' },
      location: `/api/packages/${call.owner.name}/${type}/${repository}/${component}/files/${fileName}`,
    }),
  })
}

export const listsTypes: readonly PackageType[] = [
  listsType(COMPONENTS_TYPE, byComponent),
  listsType(ONE_LIST_TYPE, together),
]
