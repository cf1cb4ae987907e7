// What `cargo search` calls: crates by a part of their names, or by words about them.
import { invalidRequest } from '../../core/errors.ts'
import { LIST_STATE, type ListState } from '../../core/packages/list-state.ts'
import { searchPackages } from '../../core/packages/search.ts'
import { quote } from '../../formats/format-error.ts'
import { type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { cacheControl } from '../../http/file-response.ts'
import { keptList, keptStart } from '../../http/kept-list.ts'
import {
  COUNT,
  jsonContent,
  listSchema,
  nullable,
  objectSchema,
  TEXT,
} from '../../http/operation.ts'
import { foldCrateName } from './format/name.ts'
import { CRATES, TYPE } from './names.ts'

const MAX_PER_PAGE = 100
const MAX_PAGE = 10_000

const FOUND = objectSchema('CargoFound', {
  name: TEXT,
  max_version: TEXT,
  description: nullable(TEXT),
})

export const searchEndpoint = ownedEndpoint<ListState>({
  method: 'GET',
  path: CRATES,
  access: 'read',
  countsReaders: true,
  summary: 'Search crates by a part of their name, or words of description and keywords',
  operation: {
    id: 'searchCargoCrates',
    tag: TYPE,
    query: {
      q: {
        description:
          'A part of the name, where `-` and `_` are alike, or words. Without it all crates are found.',
        schema: TEXT,
      },
      per_page: {
        description: `10 unless given; of a larger number ${MAX_PER_PAGE}.`,
        schema: { type: 'integer', minimum: 1 },
      },
      page: { description: 'From 1.', schema: { type: 'integer', minimum: 1, maximum: MAX_PAGE } },
    },
    answers: {
      200: {
        description: 'Crates by name, each with the version that is chosen where none is asked for',
        content: jsonContent(
          objectSchema('CargoSearch', {
            crates: listSchema(FOUND),
            meta: objectSchema('CargoSearchTotal', { total: COUNT }),
          }),
        ),
      },
    },
    faults: ['invalid-request'],
  },
  resource: () => LIST_STATE,
  handler: search,
})

async function search(call: OwnedCall<ListState>): Promise<Response> {
  const { owner, url } = call
  const { searchParams: query } = url
  const limit = Math.min(numberIn(query, 'per_page', 10), MAX_PER_PAGE)
  const page = numberIn(query, 'page', 1)
  if (page > MAX_PAGE) throw invalidRequest(`page is ${page}: use at most ${MAX_PAGE}`)
  const question = {
    ...({
      ownerId: owner.id,
      type: TYPE,
      text: foldCrateName(query.get('q') ?? ''),
      sort: 'name',
    } as const),
    described: true,
    page: { limit, offset: (page - 1) * limit },
  } as const
  const { packages, total } = await keptList(call, 'packages-2', question, async (reader) =>
    searchPackages(reader, { ...question, start: await keptStart(call, question, 'packages') }),
  )
  const crates = packages.map(({ shownName, latest, description }) => {
    return { name: shownName, max_version: latest.shownVersion, description }
  })
  const headers = { 'cache-control': cacheControl(owner.visibility, false) }
  return Response.json({ crates, meta: { total } }, { headers })
}

function numberIn(query: URLSearchParams, name: string, absent: number): number {
  const value = query.get(name)
  if (value === null) return absent
  if (/^[1-9][0-9]*$/.test(value)) return Number(value)
  throw invalidRequest(`${name} is ${quote(value)}: use a number from 1 on`)
}
