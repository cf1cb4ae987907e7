// PURE: how to publish to a repository, by hand and from CI. The token is always a variable: CI
// systems print commands before they fill it in, and mask its value in what comes after.

import { quoteShell, quoteYaml } from '../../../formats/text/shell.ts'
import type { SnippetGroup } from '../../type.ts'
import { lines, TOKEN, USER } from './install.ts'
import type { AlpinePlace } from './place.ts'

const SCOPE = 'an access token with the scope write, which can be restricted to this repository'

export function describePublish(place: AlpinePlace): readonly SnippetGroup[] {
  return [
    { title: 'curl', snippets: [curl(place)] },
    { title: 'nfpm and GoReleaser', snippets: [nfpm(place), goReleaser(place)] },
    { title: 'GitHub Actions', snippets: [actions(place, 'GitHub', 'ubuntu-latest')] },
    { title: 'Forgejo Actions', snippets: [actions(place, 'Forgejo', 'docker')] },
    { title: 'GitLab CI', snippets: [gitLab(place)] },
  ]
}

/** What is the same already is no failure, so that a job can run twice. */
function upload(place: AlpinePlace, file: string): string {
  const url = quoteShell(`${place.repositoryUrl}?if-exists=same`)
  return `curl --fail-with-body -u "${USER}:${TOKEN}" -T ${file} ${url}`
}

function uploadAll(place: AlpinePlace): readonly string[] {
  return ['for package in *.apk; do', `  ${upload(place, '"$package"')}`, 'done']
}

function curl(place: AlpinePlace) {
  return {
    title: 'Publish a package',
    language: 'sh',
    text: lines(upload(place, quoteShell(place.fileName ?? 'PACKAGE.apk'))),
    note: `With CAIRN_TOKEN: ${SCOPE}. The repository begins with its first package.`,
  } as const
}

function nfpm(place: AlpinePlace) {
  const url = quoteShell(`${place.repositoryUrl}/`)
  return {
    title: 'nfpm',
    language: 'sh',
    text: lines(
      'nfpm package --packager apk --target package.apk &&',
      `  curl --fail-with-body -u "${USER}:${TOKEN}" -T package.apk ${url}`,
    ),
  } as const
}

function goReleaser(place: AlpinePlace) {
  return {
    title: '.goreleaser.yaml',
    language: 'yaml',
    text: lines(
      'nfpms:',
      '  - formats: [apk]',
      'uploads:',
      '  - name: cairn',
      '    method: PUT',
      '    mode: archive',
      '    exts: [apk]',
      `    username: ${USER}`,
      // GoReleaser adds the file's name.
      `    target: ${quoteYaml(`${place.repositoryUrl}/`)}`,
    ),
    note: `GoReleaser reads the token from UPLOAD_CAIRN_SECRET: ${SCOPE}.`,
  } as const
}

function actions(place: AlpinePlace, forge: 'GitHub' | 'Forgejo', runner: string) {
  const script = uploadAll(place).map((line) => `          ${line}`)
  return {
    title: `.${forge.toLowerCase()}/workflows/publish.yaml`,
    language: 'yaml',
    text: lines(
      "on: { push: { tags: ['v*'] } }",
      'jobs:',
      '  publish:',
      `    runs-on: ${runner}`,
      '    steps:',
      '      - uses: actions/checkout@v4',
      '      - run: ./build-packages # leaves *.apk',
      '      - env:',
      `          CAIRN_TOKEN: \${{ secrets.CAIRN_TOKEN }}`,
      '        run: |',
      ...script,
    ),
    note: `CAIRN_TOKEN is a secret of the repository at ${forge}: ${SCOPE}.`,
  } as const
}

function gitLab(place: AlpinePlace) {
  const script = uploadAll(place).map((line) => `      ${line}`)
  return {
    title: '.gitlab-ci.yml',
    language: 'yaml',
    text: lines(
      'publish:',
      '  image: alpine:3.22',
      '  rules:',
      '    - if: $CI_COMMIT_TAG',
      '  script:',
      '    - apk add --no-cache curl',
      '    - ./build-packages # leaves *.apk',
      '    - |',
      ...script,
    ),
    note: `CAIRN_TOKEN is a variable of the project, masked and protected: ${SCOPE}.`,
  } as const
}
