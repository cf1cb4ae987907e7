// `npm search`, and the questions of `npm audit`: this registry knows of no advisories.

import type { BodyLimits } from '../../core/blobs/body.ts'
import { LIST_STATE, type ListState } from '../../core/packages/list-state.ts'
import { type FoundPackage, searchPackages } from '../../core/packages/search.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { keptList, keptStart } from '../../http/kept-list.ts'
import { jsonContent, TEXT } from '../../http/operation.ts'
import { drainBody } from '../../http/request-body.ts'
import { reply } from './dialect.ts'
import { scopeOf } from './format/name.ts'
import { SERVICE, TYPE } from './names.ts'

const DEFAULT_SIZE = 20
/** Rows of a page, as npm's registry has it. */
const MAX_SIZE = 250
const MAX_FROM = 10_000
/** Characters. */
const MAX_TEXT = 256

/** Names and versions of what is installed: of 10,000 packages some 300 kB, and less in gzip. Anybody may send it. */
const AUDIT_LIMITS: BodyLimits = { bodyBytes: 8 * 1024 * 1024, stallMs: 10_000, totalMs: 60_000 }

const ADVISORIES = `${SERVICE}/npm/v1/security`

export const searchEndpoints: readonly Endpoint[] = [
  ownedEndpoint<ListState>({
    method: 'GET',
    path: `${SERVICE}/v1/search`,
    access: 'read',
    countsReaders: true,
    summary: 'Packages by a part of their name, or words of description and keywords',
    operation: {
      id: 'searchNpmPackages',
      tag: TYPE,
      query: {
        text: { description: 'A part of the name, or words.', schema: TEXT },
        size: {
          description: `How many, up to ${MAX_SIZE}.`,
          schema: TEXT,
        },
        from: { description: 'How many are passed over.', schema: TEXT },
      },
      answers: {
        200: {
          description: 'By name',
          content: jsonContent({ type: 'object', required: ['objects', 'total', 'time'] }),
        },
      },
    },
    resource: () => LIST_STATE,
    handler: search,
  }),
  ownedEndpoint({
    method: 'POST',
    path: `${ADVISORIES}/advisories/bulk`,
    access: 'read',
    countsReaders: true,
    // npm sends it in gzip.
    ignoresBody: true,
    summary: 'Advisories about packages: none is known here',
    operation: {
      id: 'listNpmAdvisories',
      tag: TYPE,
      body: { ...jsonContent({}), optional: true },
      answers: { 200: { description: 'None', content: jsonContent({ type: 'object' }) } },
      faults: ['body-too-large', 'body-timeout'],
    },
    handler: (call) => knowNothing(call, {}),
  }),
  ownedEndpoint({
    method: 'POST',
    path: `${ADVISORIES}/audits/quick`,
    aliases: [`${ADVISORIES}/audits`],
    access: 'read',
    countsReaders: true,
    ignoresBody: true,
    summary: 'An audit as older clients ask for it: nothing is known here',
    operation: {
      id: 'auditNpmPackages',
      tag: TYPE,
      body: { ...jsonContent({}), optional: true },
      answers: { 200: { description: 'No findings', content: jsonContent({ type: 'object' }) } },
      faults: ['body-too-large', 'body-timeout'],
    },
    handler: (call) => knowNothing(call, NO_FINDINGS),
  }),
]

const NO_FINDINGS = {
  ...{ actions: [], advisories: {}, muted: [] },
  metadata: {
    vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0 },
    ...{ dependencies: 0, devDependencies: 0, optionalDependencies: 0, totalDependencies: 0 },
  },
}

async function search(call: OwnedCall<ListState>): Promise<Response> {
  const { owner, url } = call
  const size = numberIn(url, 'size', DEFAULT_SIZE, MAX_SIZE)
  const from = numberIn(url, 'from', 0, MAX_FROM)
  // npm's registry has qualifiers; their words are words of a package, too.
  const text = (url.searchParams.get('text') ?? '')
    .replace(/\b(?:author|keywords|maintainer|scope):@?/g, ' ')
    .trim()
    .slice(0, MAX_TEXT)
  const question = {
    ...({ ownerId: owner.id, type: TYPE, text, sort: 'name', described: true } as const),
    page: { limit: size, offset: from },
  } as const
  const { packages, total } = await keptList(call, 'packages-2', question, async (reader) =>
    searchPackages(reader, { ...question, start: await keptStart(call, question, 'packages') }),
  )
  const time = new Date().toUTCString()
  return reply({ objects: packages.map(describe), total, time })
}

/** Clients send what their users typed, and npm's registry takes the nearest number that may be. */
function numberIn(url: URL, name: string, fallback: number, max: number): number {
  const value = url.searchParams.get(name) ?? ''
  return /^\d{1,9}$/.test(value) ? Math.min(Number(value), max) : fallback
}

/** npm goes through `maintainers` and `keywords` without a look at what they are. */
function describe({ shownName: name, latest, description }: FoundPackage) {
  const person = { username: 'unknown', email: '' }
  const found = {
    ...{ name, scope: scopeOf(name), version: latest.shownVersion },
    ...{ description: description ?? '', date: new Date(latest.createdAt).toISOString() },
    ...{ keywords: [], links: {}, maintainers: [], publisher: person },
  }
  return { package: found }
}

/** The body has what is installed, perhaps in gzip, and nobody looks at it. */
async function knowNothing({ request }: OwnedCall, answer: object): Promise<Response> {
  await drainBody(request, AUDIT_LIMITS)
  return reply(answer)
}
