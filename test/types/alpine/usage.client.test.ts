// The texts that people copy, pasted as they stand into the real clients.
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { alpineUsage } from '../../../src/types/alpine/usage/usage.ts'
import type { UsagePlace } from '../../../src/types/type.ts'
import { describeWith } from '../../support/clients/found.ts'
import { startProxy } from '../../support/clients/proxy.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { run } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { createAlpine } from '../../support/start/alpine.ts'
import { buildImage } from '../../support/start/dockerfile.ts'
import { readJob } from '../../support/start/workflow.ts'
import { parseYaml } from '../../support/start/yaml.ts'
import { buildApk } from './builder.ts'
import { packWithNfpm } from './clients/nfpm.ts'

type Visibility = 'public' | 'private'
const VISIBILITIES: readonly Visibility[] = ['public', 'private']
const content = '#!/bin/sh\necho hello\n'

describeWith(['apk', 'apko', 'curl', 'nfpm'], 'the texts to copy', ({ apk, apko, nfpm }) => {
  const server = useServer()

  async function ownerWithHello(visibility: Visibility): Promise<TestOwner> {
    const owner = await createOwner(server(), visibility)
    const hello = (version: string) =>
      buildApk({
        name: 'hello',
        version,
        files: [{ path: 'usr/bin/hello', content, mode: 0o755 }],
      })
    await owner.mustPublish('edge/main', hello('1.0-r0'), hello('1.1-r0'))
    return owner
  }

  function placeOf(owner: TestOwner, more: Partial<UsagePlace> = {}): UsagePlace {
    return {
      origin: server().url,
      owner: owner.name,
      visibility: owner.name.startsWith('private') ? 'private' : 'public',
      repository: 'edge/main',
      keyFiles: [owner.key.name],
      packageName: 'hello',
      ...more,
    }
  }

  function find(show: keyof typeof alpineUsage, place: UsagePlace, group: string, title: string) {
    const snippets = alpineUsage[show](place).find((found) => found.title === group)?.snippets
    const text = snippets?.find((snippet) => snippet.title === title)?.text
    if (text === undefined) throw new Error(`no text ${group} / ${title}`)
    return text
  }

  for (const visibility of VISIBILITIES) {
    const tokenOf = (owner: TestOwner) =>
      visibility === 'private' ? `export CAIRN_TOKEN=${owner.readToken}\n` : ''

    it(`install on Alpine from a ${visibility} owner, step by step`, async () => {
      const owner = await ownerWithHello(visibility)
      const steps = find('install', placeOf(owner, { version: '1.0-r0' }), 'Alpine', 'Step by step')
      await using alpine = await createAlpine(apk)
      const { code, stdout, stderr } = await alpine.run(`${tokenOf(owner)}${steps}hello`)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(stdout).toMatch(/Installing hello \(1\.0-r0\).*\nhello\n$/s)
      // HTTP_AUTH was in the environment alone.
      expect((await alpine.run(`grep -rF ${owner.readToken} /etc /root /tmp`)).stdout).toBe('')
    })

    it(`install on Alpine from a ${visibility} owner by one line, and undo it`, async () => {
      const owner = await ownerWithHello(visibility)
      const line = find('install', placeOf(owner), 'One line', 'Add the repository')
      await using alpine = await createAlpine(apk)
      const added = await alpine.run(`${tokenOf(owner)}${line}hello`)
      expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nhello\n$/) })
      const remove = find('install', placeOf(owner), 'One line', 'Remove it')
      const removed = await alpine.run(`${tokenOf(owner)}${remove}ls /etc/apk/keys`)
      expect(removed).toMatchObject({ code: 0, stdout: expect.not.stringContaining('rsa.pub') })
    })

    it(`build an image from a ${visibility} owner`, async () => {
      const owner = await ownerWithHello(visibility)
      const dockerfile = find('install', placeOf(owner), 'Dockerfile', 'Dockerfile')
      const secrets: Record<string, string> =
        visibility === 'private' ? { cairn: `basic:*:ci:${owner.readToken}` } : {}
      await using image = await buildImage(dockerfile, apk, secrets)
      expect(await image.run('hello')).toMatchObject({ code: 0, stdout: 'hello\n' })
      const holding = await image.run(`grep -rlF ${owner.readToken} /etc /lib /root /tmp /var`)
      expect(holding.stdout).toBe('')
    })

    it(`build with apko from a ${visibility} owner`, async () => {
      const owner = await ownerWithHello(visibility)
      // apko splits HTTP_AUTH at every colon, so the host in it can have no port.
      await using proxy = await startProxy(server().url)
      const place = placeOf(owner, {
        origin: 'http://registry.test',
        version: '1.0-r0',
        architectures: ['x86_64'],
      })
      const folder = await temporaryDirectory()
      await writeFile(join(folder, 'apko.yaml'), find('install', place, 'apko', 'apko.yaml'))
      const { code, stderr } = await run(
        'sh',
        ['-ec', `${tokenOf(owner)}${find('install', place, 'apko', 'Build')}`],
        {
          cwd: folder,
          env: {
            PATH: `${dirname(apko)}:${process.env.PATH}`,
            HOME: folder,
            HTTP_PROXY: proxy.url,
          },
        },
      )
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(stderr).toContain('installing hello (1.0-r0)')
    })
  }

  const configuration = { name: 'hello', version: '1.2.3', arch: 'amd64' }
  const files = { 'hello.sh': content }
  const contents = [{ src: 'hello.sh', dst: '/usr/bin/hello' }]

  /** A folder with a program that leaves a package, as a job has it. */
  async function newJob(): Promise<string> {
    const folder = await temporaryDirectory()
    const { file } = await packWithNfpm(nfpm, { ...configuration, contents }, files)
    const script = `#!/bin/sh\ncp '${file}' .\n`
    await writeFile(join(folder, 'build-packages'), script, { mode: 0o755 })
    return folder
  }

  async function publishIn(folder: string, script: string, env: Record<string, string> = {}) {
    const PATH = `${dirname(nfpm)}:${process.env.PATH}`
    const { code, stdout, stderr } = await run('sh', ['-ec', script], {
      cwd: folder,
      env: { PATH, ...env },
    })
    return { code, said: stdout + stderr }
  }

  const published = { code: 0, said: expect.stringContaining('published hello 1.2.3 x86_64') }

  it('publish by curl and by nfpm', async () => {
    const owner = await createOwner(server(), 'public')
    const env = { CAIRN_TOKEN: owner.token }
    const folder = await newJob()
    await writeFile(
      join(folder, 'nfpm.yaml'),
      JSON.stringify({ ...configuration, contents, maintainer: 'me', description: 'd' }),
    )
    await writeFile(join(folder, 'hello.sh'), content)
    await writeFile(join(folder, 'another.apk'), '')
    const byNfpm = find('publish', placeOf(owner), 'nfpm and GoReleaser', 'nfpm')
    expect(await publishIn(folder, byNfpm, env)).toMatchObject(published)
    const other = await createOwner(server(), 'private')
    const place = placeOf(other, { fileName: 'package.apk' })
    const byCurl = find('publish', place, 'curl', 'Publish a package')
    const token = { CAIRN_TOKEN: other.token }
    expect(await publishIn(folder, byCurl, token)).toMatchObject(published)
    expect(await publishIn(folder, byCurl, token)).toMatchObject({ code: 0 })
    expect((await publishIn(folder, byCurl, env)).code).toBe(22)
  })

  it('publish by GoReleaser, which puts the name of the file after the target', async () => {
    const owner = await createOwner(server(), 'public')
    const text = find('publish', placeOf(owner), 'nfpm and GoReleaser', '.goreleaser.yaml')
    const { uploads } = parseYaml(text) as unknown as { uploads: Record<string, string>[] }
    const { method, username, target } = uploads[0] ?? {}
    const { file } = await packWithNfpm(nfpm, { ...configuration, contents }, files)
    const url = `${target}${basename(file)}`
    const put = `curl --fail-with-body -X ${method} -u ${username}:${owner.token} -T ${file} ${url}`
    expect(await publishIn(await temporaryDirectory(), put)).toMatchObject(published)
  })

  for (const forge of ['GitHub', 'Forgejo'])
    it(`publish by ${forge} Actions`, async () => {
      const owner = await createOwner(server(), 'public')
      const title = `.${forge.toLowerCase()}/workflows/publish.yaml`
      const workflow = find('publish', placeOf(owner), `${forge} Actions`, title)
      const job = readJob(workflow, { 'secrets.CAIRN_TOKEN': owner.token })
      expect(await publishIn(await newJob(), job)).toMatchObject(published)
    })

  it('publish by GitLab CI, and fail with one bad package among good ones', async () => {
    const owner = await createOwner(server(), 'public')
    const text = find('publish', placeOf(owner), 'GitLab CI', '.gitlab-ci.yml')
    const { publish } = parseYaml(text) as unknown as { publish: { script: string[] } }
    const [install, ...steps] = publish.script
    expect(install).toBe('apk add --no-cache curl')
    const folder = await newJob()
    const env = { CAIRN_TOKEN: owner.token }
    expect(await publishIn(folder, steps.join('\n'), env)).toMatchObject(published)
    await mkdir(join(folder, 'a.apk'))
    expect((await publishIn(folder, steps.join('\n'), env)).code).not.toBe(0)
  })
})
