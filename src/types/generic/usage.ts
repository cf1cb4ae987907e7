// PURE: how to fetch and publish generic files, for people to copy. The token is a variable, so that it
// is in no history and no log.
import { quoteShell } from '../../formats/text/shell.ts'
import type { PackageUsage, SnippetGroup, UsagePlace } from '../type.ts'

const CREDENTIALS = '-u "me:$CAIRN_TOKEN"'

export const genericUsage: PackageUsage = {
  install: (place) => [
    curl(place, 'Download a file', [
      'curl --fail-with-body',
      ...(place.visibility === 'private' ? [CREDENTIALS] : []),
      '-O',
      quoteShell(urlOf({ ...place, version: place.file?.version, fileName: place.file?.name })),
    ]),
  ],
  publish: (place) => [
    curl(
      place,
      'Publish a file',
      ['curl --fail-with-body', CREDENTIALS, '-T', fileOf(place), quoteShell(urlOf(place))],
      'With CAIRN_TOKEN: an access token with the scope write.',
    ),
  ],
}

function curl(
  { visibility }: UsagePlace,
  title: string,
  words: readonly string[],
  note = visibility === 'private' ? 'With CAIRN_TOKEN: an access token with the scope read.' : '',
): SnippetGroup {
  const snippet = { title, language: 'sh', text: `${words.join(' ')}\n` } as const
  return { title: 'curl', snippets: [note === '' ? snippet : { ...snippet, note }] }
}

function fileOf({ fileName }: UsagePlace): string {
  return quoteShell(fileName ?? 'FILE')
}

type Named = Pick<UsagePlace, 'origin' | 'owner' | 'packageName'> & {
  readonly version?: string | undefined
  readonly fileName?: string | undefined
}

function urlOf({ origin, owner, packageName, version, fileName }: Named): string {
  const names = [packageName ?? 'PACKAGE', version ?? 'VERSION', fileName ?? 'FILE']
  return `${origin}/api/packages/${[owner, 'generic', ...names].map(encodeURIComponent).join('/')}`
}
