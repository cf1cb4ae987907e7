import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { quoteShell, quoteYaml } from '../../../src/formats/text/shell.ts'
import { parsePlace } from '../../../src/types/alpine/usage/place.ts'
import { formatSetupScript } from '../../../src/types/alpine/usage/setup-script.ts'
import { alpineUsage } from '../../../src/types/alpine/usage/usage.ts'
import type { UsagePlace } from '../../../src/types/type.ts'
import { readJob } from '../../support/start/workflow.ts'
import { parseYaml } from '../../support/start/yaml.ts'

const PLACE: UsagePlace = {
  origin: 'https://packages.test:8443',
  owner: 'acme',
  visibility: 'public',
  repository: 'v3.21/main',
  keyFiles: ['acme@0123456789abcdef.rsa.pub'],
  packageName: 'hello',
}
const PRIVATE: UsagePlace = { ...PLACE, visibility: 'private' }
const { packageName: _, ...WITHOUT_PACKAGE } = PLACE
const { repository: __, ...WITHOUT_REPOSITORY } = WITHOUT_PACKAGE
const KEY = { fileName: 'acme-1.rsa.pub', publicPem: 'PEM\n', fingerprint: '00' }

const URL = 'https://packages.test:8443/api/packages/acme/alpine'

/** Texts by `group / snippet`. */
function textsOf(place: UsagePlace): Record<string, string> {
  const groups = [...alpineUsage.install(place), ...alpineUsage.publish(place)]
  const all = groups.flatMap(({ title, snippets }) =>
    snippets.map((snippet) => [`${title} / ${snippet.title}`, snippet.text] as const),
  )
  expect(new Set(all.map(([title]) => title)).size).toBe(all.length)
  return Object.fromEntries(all)
}

const shell = (script: string, ...options: string[]) =>
  spawnSync('sh', options, { input: script, encoding: 'utf8' })

const places: readonly (readonly [string, UsagePlace])[] = [
  ['a public owner', PLACE],
  ['a private owner', PRIVATE],
  ['no package', WITHOUT_PACKAGE],
  ['no repository', WITHOUT_REPOSITORY],
  ['a version', { ...PLACE, version: '1.0_p1-r0', architectures: ['x86_64', 'noarch'] }],
  ['no key', { ...PLACE, keyFiles: [] }],
]

describe.each(places)('the texts about %s', (_, place) => {
  const groups = () => [...alpineUsage.install(place), ...alpineUsage.publish(place)]

  it('are complete lines of what they say they are', () => {
    const languages = new Set<string>()
    for (const { text, language, title } of groups().flatMap(({ snippets }) => snippets)) {
      languages.add(language)
      expect(text).toMatch(/^[^\n](.*\n)*.*[^\n]\n$/)
      expect(text).not.toContain('undefined')
      if (language === 'yaml') expect([title, typeof parseYaml(text)]).toEqual([title, 'object'])
      if (language !== 'sh') continue
      const { status, stderr } = shell(text, '-n')
      expect([title, status, stderr]).toEqual([title, 0, ''])
    }
    expect([...languages].sort()).toEqual(['dockerfile', 'sh', 'yaml'])
  })

  it('hold a token only as a variable, and only where one is needed', () => {
    for (const { text } of groups().flatMap(({ snippets }) => snippets))
      expect(
        text.replaceAll(/\$CAIRN_TOKEN|CAIRN_TOKEN: \$\{\{ secrets\.CAIRN_TOKEN \}\}/g, ''),
      ).not.toMatch(/token(?!=cairn_\.\.\.)/i)
    const install = alpineUsage.install(place).flatMap(({ snippets }) => snippets)
    expect(install.some(({ text }) => /TOKEN|HTTP_AUTH/.test(text))).toBe(
      place.visibility === 'private',
    )
  })
})

describe('the texts', () => {
  it('install from a public owner', () => {
    const texts = textsOf(PLACE)
    expect(texts['One line / Add the repository']).toBe(
      `wget -qO- ${URL}/v3.21/main/setup.sh | sh\napk add hello\n`,
    )
    expect(texts['Alpine / Step by step']).toBe(
      [
        `wget -O /etc/apk/keys/${PLACE.keyFiles[0]} ${URL}/${PLACE.keyFiles[0]}`,
        `echo ${URL}/v3.21/main >> /etc/apk/repositories`,
        'apk update',
        'apk add hello\n',
      ].join('\n'),
    )
    expect(texts['Dockerfile / Dockerfile']).toBe(
      [
        'FROM alpine:3.21',
        `ADD ${URL}/${PLACE.keyFiles[0]} /etc/apk/keys/`,
        `RUN echo ${URL}/v3.21/main >> /etc/apk/repositories \\`,
        ' && apk add --no-cache hello\n',
      ].join('\n'),
    )
  })

  it('keep the token of a private owner out of image layers and of files', () => {
    const texts = textsOf(PRIVATE)
    expect(texts['Dockerfile / Dockerfile']).not.toContain('TOKEN')
    expect(texts['Dockerfile / Dockerfile']).toContain(
      'RUN --mount=type=secret,id=cairn,env=HTTP_AUTH apk add --no-cache hello\n',
    )
    const steps = texts['Alpine / Step by step'] ?? ''
    expect(steps).toContain('export HTTP_AUTH="basic:*:ci:$CAIRN_TOKEN"\napk update\n')
    expect(steps.split('\n').filter((line) => /TOKEN.*>/.test(line))).toEqual([])
    // apko compares the host by name.
    expect(texts['apko / Build']).toContain('HTTP_AUTH="basic:packages.test:ci:$CAIRN_TOKEN" apko')
  })

  it('trust both keys during a rotation', () => {
    const texts = textsOf({ ...PLACE, keyFiles: ['acme@new.rsa.pub', 'acme@old.rsa.pub'] })
    for (const title of ['Alpine / Step by step', 'Dockerfile / Dockerfile', 'apko / apko.yaml'])
      expect(texts[title]).toMatch(/\/acme@new\.rsa\.pub.*\/acme@old\.rsa\.pub/s)
  })

  it('name a version and architectures where there are any', () => {
    const texts = textsOf({
      ...PLACE,
      version: '1.0-r0',
      architectures: ['noarch', 'x86_64', 'riscv64'],
    })
    expect(texts['Alpine / Step by step']).toMatch(/^apk add hello=1\.0-r0$/m)
    expect(parseYaml(texts['apko / apko.yaml'] ?? '')).toEqual({
      contents: {
        keyring: [`${URL}/${PLACE.keyFiles[0]}`],
        repositories: [`@cairn ${URL}/v3.21/main`],
        packages: ['hello=1.0-r0@cairn'],
      },
      archs: ['x86_64', 'riscv64'],
    })
    expect(textsOf({ ...PLACE, architectures: ['noarch'] })['apko / apko.yaml']).not.toContain(
      'archs',
    )
  })

  it('say how to publish the first package of an owner', () => {
    const texts = textsOf(WITHOUT_REPOSITORY)
    expect(texts['curl / Publish a package']).toContain(`${URL}/edge/main?if-exists=same`)
    expect(texts['Alpine / Step by step']).toContain(`${URL}/BRANCH/REPOSITORY`)
  })

  it.each([
    ['GitHub Actions / .github/workflows/publish.yaml', 'ubuntu-latest'],
    ['Forgejo Actions / .forgejo/workflows/publish.yaml', 'docker'],
  ])('have in %s a job that takes the token from a secret', (title, runner) => {
    const text = textsOf(PLACE)[title] ?? ''
    expect(text).toContain(`runs-on: ${runner}\n`)
    const job = readJob(text, { 'secrets.CAIRN_TOKEN': 'secret' })
    expect(shell(job, '-n').status).toBe(0)
    expect(job).toContain("export CAIRN_TOKEN='secret'\n")
  })
})

describe('what is not plain', () => {
  const HOSTILE = [
    "x'; echo owned; '",
    '$(echo owned)',
    '`echo owned`',
    'x\necho owned',
    'x" && echo owned',
    'x\\',
    'x y',
    '-x',
    '',
    'x/../y',
    'x: y',
  ]

  it('is refused wherever it comes from', () => {
    for (const text of HOSTILE) {
      const hostile: Partial<UsagePlace>[] = [
        { origin: `https://${text}` },
        { origin: `https://packages.test/${text}` },
        { owner: text },
        { repository: `edge/${text}` },
        { repository: `${text}/main` },
        { keyFiles: [text] },
        { packageName: text },
        { version: text },
        { architectures: [text] },
        { fileName: text },
      ]
      for (const fields of hostile)
        for (const show of [alpineUsage.install, alpineUsage.publish])
          expect(() => show({ ...PLACE, ...fields }), JSON.stringify(fields)).toThrow(
            /no instructions for the/,
          )
    }
  })

  it('stays one word of a shell', () => {
    for (const text of [...HOSTILE, '~', '=x', '#', '*', 'ü', '!', "'"]) {
      const { stdout } = shell(`printf '<%s>' ${quoteShell(text)}\n`)
      expect(stdout).toBe(`<${text}>`)
    }
    expect(quoteShell('hello=1.0-r0')).toBe('hello=1.0-r0')
  })

  it('stays one scalar of YAML', () => {
    expect(quoteYaml("it's: #1")).toBe("'it''s: #1'")
    expect(quoteYaml('no')).toBe("'no'")
    expect(() => quoteYaml('a\nb: c')).toThrow()
  })
})

describe('setup.sh', () => {
  it.each([
    ['public', PLACE],
    ['private', PRIVATE],
  ])('of a %s owner is a shell script', (_, place) => {
    const script = formatSetupScript(parsePlace(place), [KEY, { ...KEY, fileName: 'old.rsa.pub' }])
    expect(shell(script, '-n')).toMatchObject({ status: 0, stderr: '' })
    expect(script.endsWith('\n{ main "$@"; exit; }\n')).toBe(true)
    const help = shell(script, '-s', '--', '--help')
    expect(help).toMatchObject({ status: 0, stderr: '' })
    expect(help.stdout).toContain(`${URL}/v3.21/main/setup.sh | sh\n`)
    expect(help.stdout.includes('CAIRN_TOKEN')).toBe(place.visibility === 'private')
  })

  it('refuses options that it does not know', () => {
    const script = formatSetupScript(parsePlace(PLACE), [KEY])
    expect(shell(script, '-s', '--', '--remove')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'setup.sh: there is no option --remove: see --help\n',
    })
    expect(shell(script, '-s', '--', '--root')).toMatchObject({ status: 1 })
  })
})
