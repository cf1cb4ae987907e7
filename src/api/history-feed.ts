// A history as an Atom feed (RFC 4287). Its entries keep their ids wherever the registry is served.
import { sha256 } from '../core/digests.ts'
import type { HistoryEntry } from '../core/packages/history.ts'
import { escapeXml } from '../formats/text/xml.ts'
import { isNotModified } from '../http/conditional.ts'
import type { OwnedCall } from '../http/endpoint.ts'
import { describeChange, versionPageOf } from '../http/history.ts'
import { type Operation, TEXT } from '../http/operation.ts'
import { formatPath } from '../http/path.ts'
import { formatTime } from './json.ts'

export const FEED_ENTRIES = 50

const CONTENT_TYPE = 'application/atom+xml'

export const FEED_ANSWERS: Operation['answers'] = {
  200: { description: 'The feed', content: { contentType: CONTENT_TYPE, schema: TEXT } },
  304: { description: 'The copy that was named is current' },
}

export function feedResponse(call: OwnedCall, entries: readonly HistoryEntry[]): Response {
  const { owner, request } = call
  const text = formatFeed(call, entries)
  const etag = `"${sha256(text).slice(0, 32)}"`
  const headers = {
    etag,
    'cache-control': owner.visibility === 'private' ? 'private, no-store' : 'public, no-cache',
  }
  // Two changes may share a second, so that a date says nothing.
  if (isNotModified(request.headers, { etag, changedAt: Number.POSITIVE_INFINITY }, 0)) {
    return new Response(null, { status: 304, headers })
  }
  return new Response(text, {
    headers: { 'content-type': `${CONTENT_TYPE}; charset=utf-8`, ...headers },
  })
}

function formatFeed({ owner, url }: OwnedCall, entries: readonly HistoryEntry[]): string {
  const self = url.origin + url.pathname
  const page = url.origin + formatPath(owner.name, '-', 'history')
  const [newest] = entries
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    element('id', self),
    element('title', `Packages of ${owner.name}`),
    element('updated', formatTime(newest?.at ?? 0)),
    `<author>${element('name', owner.name)}</author>`,
    link('self', self, CONTENT_TYPE),
    link('alternate', page, 'text/html'),
    ...entries.map((entry) => formatEntry(url.origin, owner.name, entry)),
    '</feed>\n',
  ].join('\n')
}

function formatEntry(origin: string, ownerName: string, entry: HistoryEntry): string {
  const page = versionPageOf(ownerName, entry) ?? formatPath(ownerName, '-', 'history')
  return [
    '<entry>',
    element('id', idOf(entry.id)),
    element('title', describeChange(entry)),
    element('updated', formatTime(entry.at)),
    link('alternate', origin + page, 'text/html'),
    element('content', `${entry.type} ${entry.repository ?? ''} ${entry.fileName}`.trim()),
    '</entry>',
  ].join('\n')
}

/** A URN (RFC 8141): a UUID, and for the removal of a file in no repository the file's with a fragment. */
function idOf(id: string): string {
  return `urn:uuid:${id.replace(/-removed$/, '#removed')}`
}

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

function link(relation: string, href: string, type: string): string {
  return `<link rel="${relation}" type="${type}" href="${escapeXml(href)}"/>`
}
