// …/history and …/history.atom: who published and removed what, newest first, of an owner and of each of its
// repositories. Everybody who may read sees what changed and when; the owner's admins see by which token, too.
import { refusalOf } from '../core/access/decide.ts'
import { findIfNamed, type ResourceQuery } from '../core/access/resource-query.ts'
import {
  type HistoryPosition,
  type HistoryState,
  OWNER_HISTORY_STATE,
  repositoryHistoryState,
} from '../core/packages/history.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint, type Params } from '../http/endpoint.ts'
import { AFTER, findHistory, formatAfter, parseAfter } from '../http/history.ts'
import { jsonContent, listSchema, type Operation } from '../http/operation.ts'
import { packageTypes } from '../types/registration.ts'
import type { PackageType, RepositoryNaming } from '../types/type.ts'
import { FEED_ANSWERS, FEED_ENTRIES, feedResponse } from './history-feed.ts'
import { describeEntry, ENTRY_SCHEMA } from './history-json.ts'
import { json } from './json.ts'
import { OWNER } from './owners.ts'
import { LIMIT_QUERY, NEXT_HEADER, parseLimit } from './page.ts'
import { operationId } from './repositories.ts'

const LIST: Omit<Operation, 'id'> = {
  tag: 'history',
  description:
    'Of files in no repository a removal is listed for 90 days, and for as long the publish of what it removed. The log of a repository goes with the repository.',
  query: {
    ...LIMIT_QUERY,
    after: {
      description: 'The entry before the page, as `Link` gives it.',
      schema: { type: 'string', pattern: AFTER.source },
    },
  },
  answers: {
    200: {
      description: 'Changes, newest first',
      content: jsonContent(listSchema(ENTRY_SCHEMA)),
      headers: NEXT_HEADER,
    },
  },
  faults: ['invalid-request'],
}

const FEED: Omit<Operation, 'id'> = {
  tag: 'history',
  description:
    'Atom (RFC 4287), without tokens, whoever asks. Of a private owner feed readers send an access token as the password of Basic.',
  answers: FEED_ANSWERS,
}

/** Of whose history an endpoint tells. */
interface Subject {
  readonly path: string
  readonly what: string
  readonly operationOf: (verb: 'list' | 'get', what: string) => string
  readonly parameters?: Operation['path']
  readonly resource: (params: Params) => ResourceQuery
}

export const historyEndpoints: readonly Endpoint[] = [
  ...endpointsAbout({
    path: OWNER,
    what: 'an owner',
    operationOf: (verb, what) => `${verb}Owner${what}`,
    resource: () => OWNER_HISTORY_STATE,
  }),
  ...packageTypes.flatMap(({ type, repositories }: PackageType) =>
    repositories === undefined ? [] : endpointsAbout(repositorySubject(type, repositories)),
  ),
]

function repositorySubject(type: string, naming: RepositoryNaming): Subject {
  return {
    path: `${OWNER}/repositories/${type}/${naming.path}`,
    what: 'a repository',
    operationOf: (verb, what) => operationId(verb, type, `Repository${what}`),
    parameters: naming.parameters,
    resource: (params) => findIfNamed(() => repositoryHistoryState(type, naming.parseName(params))),
  }
}

function endpointsAbout({ path, what, operationOf, parameters, resource }: Subject): Endpoint[] {
  const about = parameters === undefined ? {} : { path: parameters }
  return [
    ownedEndpoint<HistoryState>({
      method: 'GET',
      path: `${path}/history`,
      access: 'read',
      countsReaders: true,
      summary: `What was published and removed of ${what}, newest first; for its admins also by which token`,
      operation: { ...LIST, ...about, id: operationOf('list', 'History') },
      resource,
      handler: list,
    }),
    ownedEndpoint<HistoryState>({
      method: 'GET',
      path: `${path}/history.atom`,
      access: 'read',
      countsReaders: true,
      summary: `The last ${FEED_ENTRIES} changes of ${what}, as a feed`,
      operation: { ...FEED, ...about, id: operationOf('get', 'Feed') },
      resource,
      handler: async (call) => {
        const { entries } = await findHistory(call, { limit: FEED_ENTRIES }, false)
        return feedResponse(call, entries)
      },
    }),
  ]
}

async function list(call: OwnedCall<HistoryState>): Promise<Response> {
  const { owner, principal, url } = call
  const page = { limit: parseLimit(url), after: parseAfter(url) }
  const manages = refusalOf('owner-admin', principal, owner, owner.name) === undefined
  const { entries, more } = await findHistory(call, page, manages)
  const found = entries.map((entry) => describeEntry(url, owner.name, entry, manages))
  const last = entries.at(-1)
  return json(found, 200, more && last !== undefined ? { link: nextLink(url, last) } : {})
}

function nextLink(url: URL, last: HistoryPosition): string {
  const target = new URL(url)
  target.searchParams.set('after', formatAfter(last))
  return `<${target.href}>; rel="next"`
}
