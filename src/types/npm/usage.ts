// PURE: how to use and publish packages with npm, pnpm, yarn and bun, for people to copy. The token is in a
// variable of the environment, which the configuration names, so that it is in no file and no history.
import { quoteShell } from '../../formats/text/shell.ts'
import type { PackageUsage, Snippet, UsagePlace } from '../type.ts'

/** Title, and how it adds and publishes a package. */
const CLIENTS = [
  ['npm', 'npm install', 'npm publish'],
  ['pnpm', 'pnpm add', 'pnpm publish'],
  ['Yarn 1', 'yarn add', 'yarn publish'],
  ['Yarn', 'yarn add', 'yarn npm publish'],
  ['Bun', 'bun add', 'bun publish'],
] as const

export const npmUsage: PackageUsage = {
  install: (place) =>
    CLIENTS.map(([title, add]) => ({
      title,
      snippets: [
        ...(title === 'Yarn' ? [yarnrc(place)] : npmrc(place)),
        ...(title === 'pnpm' ? [young(place)] : []),
        ...command(place, add),
      ],
    })),
  publish: (place) =>
    CLIENTS.map(([title, , words]) => ({
      title,
      snippets: [
        ...(title === 'Yarn' ? [yarnrc(place, 'write')] : npmrc(place, 'write')),
        publish(words),
      ],
    })),
}

function registryOf({ origin, owner }: UsagePlace): string {
  return `${origin}/api/packages/${encodeURIComponent(owner)}/npm/`
}

/** Of packages without a scope undefined: then all packages come from here. */
function scopeOf({ packageName, owner }: UsagePlace): string | undefined {
  if (packageName === undefined) return `@${owner}`
  return /^(@[^/]+)\//.exec(packageName)?.[1]
}

/** The scope that a token needs; undefined where none is needed. */
function needOf({ visibility }: UsagePlace, publishing?: 'write'): 'read' | 'write' | undefined {
  return publishing ?? (visibility === 'private' ? 'read' : undefined)
}

const tokenNote = (need: 'read' | 'write') =>
  `With CAIRN_TOKEN in the environment: an access token with the scope ${need}.`

/** Of the project, and of its user: pnpm fills in variables in the latter alone, since a project may be anybody's. */
function npmrc(place: UsagePlace, publishing?: 'write'): readonly Snippet[] {
  const scope = scopeOf(place)
  const need = needOf(place, publishing)
  const registry = registryOf(place)
  const all = scope === undefined ? 'Every package then comes from here alone.' : ''
  const line = `${scope === undefined ? '' : `${scope}:`}registry=${registry}`
  const token = `${registry.replace(/^https?:/, '')}:_authToken=\${CAIRN_TOKEN}`
  return [
    snippet('.npmrc beside package.json', 'text', [line], all),
    ...(need === undefined ? [] : [snippet('~/.npmrc', 'text', [token], tokenNote(need))]),
  ]
}

function yarnrc(place: UsagePlace, publishing?: 'write'): Snippet {
  const scope = scopeOf(place)
  const need = needOf(place, publishing)
  const registry = JSON.stringify(registryOf(place))
  const settings = [
    `npmRegistryServer: ${registry}`,
    ...(publishing === undefined ? [] : [`npmPublishRegistry: ${registry}`]),
    ...(need === undefined ? [] : ['npmAlwaysAuth: true', `npmAuthToken: "\${CAIRN_TOKEN-}"`]),
  ]
  const notes = [
    'Yarn takes versions that are younger than a day of preapproved packages alone.',
    ...(need === undefined ? [] : [tokenNote(need)]),
  ]
  const lines =
    scope === undefined
      ? [...settings, 'npmMinimalAgeGate: 0']
      : [
          ...['npmScopes:', `  ${scope.slice(1)}:`, ...settings.map((line) => `    ${line}`)],
          `npmPreapprovedPackages: ["${scope}/*"]`,
        ]
  return snippet('.yarnrc.yml', 'yaml', lines, notes.join(' '))
}

/** pnpm refuses versions that are younger than a day, also where the lock file has them. */
function young(place: UsagePlace): Snippet {
  const scope = scopeOf(place)
  const wanted = scope === undefined ? place.packageName : `${scope}/*`
  return snippet(
    'pnpm-workspace.yaml',
    'yaml',
    ['minimumReleaseAgeExclude:', `  - ${JSON.stringify(wanted)}`],
    'pnpm takes versions that are younger than a day of these packages alone.',
  )
}

/** None where no package is named. */
function command({ packageName, version }: UsagePlace, words: string): readonly Snippet[] {
  if (packageName === undefined) return []
  const wanted = version === undefined ? packageName : `${packageName}@${version}`
  return [snippet('Install', 'sh', [`${words} ${quoteShell(wanted)}`])]
}

function publish(words: string): Snippet {
  return snippet('Publish', 'sh', [words], 'In the folder of the package.')
}

function snippet(
  title: string,
  language: Snippet['language'],
  lines: readonly string[],
  note = '',
): Snippet {
  const text = `${lines.join('\n')}\n`
  return note === '' ? { title, language, text } : { title, language, text, note }
}
