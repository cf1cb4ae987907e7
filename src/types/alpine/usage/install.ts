// PURE: how to install from a repository, by the client that does it.

import { quoteShell, quoteYaml } from '../../../formats/text/shell.ts'
import type { Snippet, SnippetGroup } from '../../type.ts'
import type { AlpinePlace } from './place.ts'

/** What stands for a package where the place names none. */
const SOME_PACKAGE = 'PACKAGE'

/** Where the token is in all of these texts; any user name does. */
export const TOKEN = '$CAIRN_TOKEN'
export const USER = 'ci'

export function describeInstall(place: AlpinePlace): readonly SnippetGroup[] {
  return [
    { title: 'One line', snippets: oneLine(place) },
    { title: 'Alpine', snippets: [alpineSteps(place)] },
    { title: 'Dockerfile', snippets: dockerfile(place) },
    { title: 'apko', snippets: apko(place) },
  ]
}

/** `hello`, or `hello=1.0-r0` of a version. */
function wordOf({ package: wanted }: AlpinePlace): string {
  if (wanted === undefined) return SOME_PACKAGE
  return wanted.version === undefined ? wanted.name : `${wanted.name}=${wanted.version}`
}

function apkAdd(place: AlpinePlace): string[] {
  return place.package === undefined ? [] : [`apk add ${quoteShell(wordOf(place))}`]
}

const exportToken: Snippet = {
  title: 'The token, first',
  language: 'sh',
  text: 'export CAIRN_TOKEN=cairn_...\n',
  note: 'The owner is private: an access token with the scope read.',
}

function oneLine(place: AlpinePlace): readonly Snippet[] {
  const script = quoteShell(`${place.repositoryUrl}/setup.sh`)
  const header = place.isPrivate ? `--header "Authorization: Bearer ${TOKEN}" ` : ''
  const kept = 'The token is kept in a file of /etc/apk that only root can read.'
  const add: Snippet = {
    title: 'Add the repository',
    language: 'sh',
    text: lines(`wget -qO- ${header}${script} | sh`, ...apkAdd(place)),
    note:
      'As root. It trusts the public key, which is in the script, and adds one file to ' +
      `/etc/apk/repositories.d; --help says what else it does.${place.isPrivate ? ` ${kept}` : ''} ` +
      'In a script: wget -O setup.sh … && sh setup.sh, since a pipe passes over a download that failed.',
  }
  return [
    ...(place.isPrivate ? [exportToken] : []),
    add,
    {
      title: 'Remove it',
      language: 'sh',
      undoes: true,
      text: lines(`wget -qO- ${header}${script} | sh -s -- --uninstall`),
    },
  ]
}

function alpineSteps(place: AlpinePlace): Snippet {
  const keys = place.keys.map(({ fileName, url }) => {
    return `wget -O ${quoteShell(`/etc/apk/keys/${fileName}`)} ${quoteShell(url)}`
  })
  const repository = `echo ${quoteShell(place.repositoryUrl)} >> /etc/apk/repositories`
  const credentials = place.isPrivate ? [`export HTTP_AUTH="basic:*:${USER}:${TOKEN}"`] : []
  return {
    title: 'Step by step',
    language: 'sh',
    text: lines(...keys, repository, ...credentials, 'apk update', ...apkAdd(place)),
    note: place.isPrivate
      ? 'As root, with the token in CAIRN_TOKEN. HTTP_AUTH stays in no file, so every later apk needs it too.'
      : 'As root. apk fills in the architecture: do not put it into the line.',
  }
}

/** Alpine's releases are branches, and packages of one are not for another. */
function baseImage({ branch }: AlpinePlace): string {
  const [, release = '3.22'] = /^v(3\.\d+)$/.exec(branch) ?? []
  return `alpine:${release}`
}

/** Dockerfiles have no quotes that would help in ADD: what place.ts lets through needs none. */
function dockerfile(place: AlpinePlace): readonly Snippet[] {
  const from = `FROM ${baseImage(place)}`
  const keys = place.keys.map(({ url }) => `ADD ${url} /etc/apk/keys/`)
  const repository = `RUN echo ${quoteShell(place.repositoryUrl)} >> /etc/apk/repositories`
  const add = `apk add --no-cache ${quoteShell(wordOf(place))}`
  if (!place.isPrivate) {
    const text = lines(from, ...keys, `${repository} \\`, ` && ${add}`)
    return [{ title: 'Dockerfile', language: 'dockerfile', text }]
  }
  return [
    {
      title: 'Dockerfile',
      language: 'dockerfile',
      text: lines(
        '# syntax=docker/dockerfile:1',
        from,
        ...keys,
        repository,
        `RUN --mount=type=secret,id=cairn,env=HTTP_AUTH ${add}`,
      ),
      note: 'The token is a secret of the build and stays in no layer of the image.',
    },
    {
      title: 'Build',
      language: 'sh',
      text: lines(
        `HTTP_AUTH="basic:*:${USER}:${TOKEN}" docker build --secret id=cairn,env=HTTP_AUTH .`,
      ),
      note: 'With the token in CAIRN_TOKEN.',
    },
  ]
}

/** Without a tag apko takes what has /alpine/ in its path for Alpine's own and asks Alpine. */
function apko(place: AlpinePlace): readonly Snippet[] {
  const list = (words: readonly string[]) => words.map((word) => `    - ${quoteYaml(word)}`)
  const architectures = place.architectures.map(quoteYaml).join(', ')
  const configuration = lines(
    'contents:',
    '  keyring:',
    ...list(place.keys.map(({ url }) => url)),
    '  repositories:',
    ...list([`@cairn ${place.repositoryUrl}`]),
    '  packages:',
    ...list([`${wordOf(place)}@cairn`]),
    ...(architectures === '' ? [] : [`archs: [${architectures}]`]),
  )
  const name = quoteShell(place.package?.name ?? 'image')
  // apko wants the host by name, not `*`.
  const auth = `HTTP_AUTH="basic:${place.hostname}:${USER}:${TOKEN}" `
  const build = `${place.isPrivate ? auth : ''}apko build apko.yaml ${name}:latest ${name}.tar`
  const credentials = place.isPrivate ? { note: 'With the token in CAIRN_TOKEN.' } : {}
  return [
    { title: 'apko.yaml', language: 'yaml', text: configuration },
    { title: 'Build', language: 'sh', text: lines(build), ...credentials },
  ]
}

export function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
