// The README and the pages that go on from it, block by block in their order, as a reader follows them: run as they
// stand, on a registry that the first block has started; where a block needs what is not here (Docker, a runner, an
// account), what it holds is tried without that. A block that is not treated below fails.
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { temporaryDirectory } from '../support/clients/temporary-directory.ts'
import { createAlpine } from '../support/start/alpine.ts'
import { readBlocks } from '../support/start/blocks.ts'
import { tryDeployment } from '../support/start/deployment.ts'
import { buildImage } from '../support/start/dockerfile.ts'
import { createReader, type Reader } from '../support/start/reader.ts'
import { readJob } from '../support/start/workflow.ts'
import { parseYaml } from '../support/start/yaml.ts'
import { type NfpmConfiguration, packWithNfpm } from '../types/alpine/clients/nfpm.ts'

const project = fileURLToPath(new URL('../../', import.meta.url).href)
/** In the order in which they build on each other; the last but one makes the owner private. */
const PAGES = [
  'README.md',
  'docs/publish.md',
  'docs/types/generic.md',
  'docs/types/alpine.md',
  'docs/operate.md',
]
const blocks = PAGES.flatMap((page) =>
  readBlocks(readFileSync(join(project, page), 'utf8')).map((block) => ({ ...block, page })),
)

const configuration: NfpmConfiguration = {
  name: 'hello',
  version: '1.2.3',
  arch: 'amd64',
  contents: [{ src: 'hello.sh', dst: '/usr/bin/hello' }],
}
const program = '#!/bin/sh\necho hello\n'

describeWith(['apk', 'curl', 'nfpm'], 'the guide', ({ apk, curl, nfpm }) => {
  let reader: Reader
  let handbook: string
  beforeAll(async () => {
    reader = await createReader(nfpm)
    handbook = join(reader.checkout.directory, '.cache', 'handbook')
    await mkdir(handbook)
  })
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]()
  })
  const readAdminToken = () => {
    const vars = readFileSync(join(reader.checkout.directory, '.dev.vars'), 'utf8')
    return /^ADMIN_TOKEN="(.*)"$/m.exec(vars)?.[1] ?? ''
  }
  const pack = (version: string) =>
    packWithNfpm(nfpm, { ...configuration, version }, { 'hello.sh': program })
  const dockerfiles: Record<string, string> = {}
  const buildPrivate = async (secrets: Record<string, string>) =>
    buildImage(await reader.translate(dockerfiles['docker-private'] ?? ''), apk, secrets)

  const treatments: Record<string, (code: string) => Promise<void>> = {
    start: (code) => reader.start(code),
    publish: async (code) => {
      expect(await reader.must(code)).toContain('published hello 1.0.0-r0 noarch to acme/edge/main')
    },
    install: async (code) => {
      await using alpine = await createAlpine(apk)
      const { code: ended, stdout, stderr } = await alpine.run(await reader.translate(code))
      expect({ ended, stderr }).toMatchObject({ ended: 0 })
      expect(stdout).toContain('Hello from hello 1.0.0-r0')
    },
    token: async (code) => {
      const { token, scopes } = JSON.parse(await reader.must(code))
      expect(scopes).toEqual(['write'])
      expect((await reader.must('echo $CI_TOKEN')).trim()).toBe(token)
    },
    curl: async (code) => {
      expect(await reader.must(code)).toContain('already published')
      const { code: ended, stdout } = await reader.paste(code.replace('?if-exists=same', ''))
      expect({ ended, stdout }).toMatchObject({
        ended: 22,
        stdout: expect.stringContaining('already'),
      })
    },
    'curl-alpine': async (code) => {
      expect(await reader.must(code)).toContain('already published')
    },
    nfpm: async (code) => {
      const folder = await temporaryDirectory()
      await writeFile(join(folder, 'nfpm.yaml'), JSON.stringify(configuration))
      await writeFile(join(folder, 'hello.sh'), program, { mode: 0o755 })
      // As the blocks before leave it in the same folder.
      await writeFile(join(folder, 'hello-1.0.0-r0.apk'), '')
      expect(await reader.must(code, folder)).toContain('published hello 1.2.3 x86_64')
    },
    goreleaser: async (code) => {
      const { nfpms, uploads } = parseYaml(code) as Record<string, Record<string, string>[]>
      expect(nfpms).toEqual([{ formats: ['apk'] }])
      const [{ method = '', username = '', target = '', ...others } = {}] = uploads ?? []
      expect(others).toEqual({ name: 'cairn', mode: 'archive', exts: ['apk'] })
      // It puts the file's name after the target.
      const { file } = await pack('1.2.4')
      const put = `${curl} --fail-with-body -X ${method} -u ${username}:$CI_TOKEN -T ${file} ${target}${basename(file)}`
      expect(await reader.must(put)).toContain('published hello 1.2.4 x86_64')
    },
    actions: async (code) => {
      const folder = await temporaryDirectory()
      const { file } = await pack('1.2.5')
      const build = join(folder, 'build-packages')
      await writeFile(build, `#!/bin/sh\ncp '${file}' .\n`, { mode: 0o755 })
      const { stdout } = await reader.paste('echo $CI_TOKEN')
      // A runner's variables are not those of the reader's terminal.
      const job = `(${readJob(code, { 'secrets.CAIRN_TOKEN': stdout.trim() })})`
      const published = await reader.must(job, folder)
      expect(published).toContain('published hello 1.2.5 x86_64')
      // One bad package fails the job, wherever it stands among the good ones.
      await writeFile(join(folder, 'a.apk'), 'no package')
      expect((await reader.paste(job, folder)).code).toBe(22)
    },
    generic: async (code) => {
      await writeFile(join(handbook, 'README.md'), 'a handbook')
      expect(await reader.must(code, handbook)).toContain('published "README.md" of handbook')
    },
    'generic-download': async (code) => {
      await writeFile(join(handbook, 'README.md'), '')
      await reader.must(code, handbook)
      expect(readFileSync(join(handbook, 'README.md'), 'utf8')).toBe('a handbook')
    },
    'generic-remove': async (code) => {
      const path = `${reader.url}/api/packages/acme/generic/handbook/2026-11/README.md`
      expect((await fetch(path)).status).toBe(200)
      await reader.must(code)
      expect((await fetch(path)).status).toBe(404)
    },
    remove: async (code) => {
      const path = `${reader.url}/api/packages/acme/alpine/edge/main/noarch/hello-1.0.0-r0.apk`
      // The blocks before made the owner private.
      const headers = { authorization: `Bearer ${readAdminToken()}` }
      expect((await fetch(path, { headers })).status).toBe(200)
      await reader.must(code)
      expect((await fetch(path, { headers })).status).toBe(404)
    },
    backup: async (code) => {
      const folder = await temporaryDirectory()
      const said = await reader.must(code.replace('../cairn-backup', folder))
      expect(said).toMatch(/backup \d+: \d+ files in \d+ objects of .*, read back and good/)
    },
    restore: async (code) => {
      // Into an empty deployment by test/clients/backup.test.ts; this one is none.
      const { code: ended, stderr } = await reader.paste(
        code.replace('../cairn-backup', '/nowhere'),
      )
      expect([ended, stderr]).toEqual([1, expect.stringContaining('there is no backup in')])
    },
    check: async (code) => {
      const said = await reader.must(code)
      expect(said).toMatch(/^\d+ files? in no repository, and rows: all good$/m)
      const good = /^acme\/edge\/main: \d+ index files?, \d+ package files?: all good$/gm
      expect(said.match(good)).toHaveLength(2)
      const [, one = ''] = code.split('\n')
      const refused = await reader.paste(
        one.replace('npm', 'URL=$URL/ npm').replace('main', 'none'),
      )
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/no such repository: "acme\/edge\/none"$/m),
      })
    },
    setup: async (code) => {
      await using alpine = await createAlpine(apk)
      const { code: ended, stdout, stderr } = await alpine.run(await reader.translate(code))
      expect({ ended, stderr }).toMatchObject({ ended: 0 })
      expect(stdout).toContain('Installing hello (1.2.5)')
      expect(readdirSync(join(alpine.directory, 'etc/apk/repositories.d'))).toEqual([
        'acme-edge-main.list',
      ])
    },
    'docker-public': async (code) => {
      await using image = await buildImage(await reader.translate(code), apk)
      expect(await image.run('hello')).toMatchObject({ code: 0, stdout: 'hello\n' })
    },
    'docker-private': async (code) => {
      dockerfiles['docker-private'] = code
    },
    'docker-build': async (code) => {
      const admin = readAdminToken()
      const answer = await fetch(`${reader.url}/api/v1/owners/acme`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${admin}` },
        body: '{"visibility":"private"}',
      })
      expect(answer.status).toBe(200)
      await reader.must(code)
      const cairn = await reader.dockerSecret()
      await expect(buildPrivate({})).rejects.toThrow(/apk add.* ended with/)
      await using image = await buildPrivate({ cairn })
      expect(await image.run('hello')).toMatchObject({ code: 0, stdout: 'hello\n' })
      const [, , , token = ''] = cairn.split(':')
      expect(token).toMatch(/^cairn_/)
      expect((await image.run(`grep -rlF '${token}' /etc /lib /root /tmp /var`)).stdout).toBe('')
    },
    'setup-private': async (code) => {
      const { stdout: token } = await reader.paste('printf %s $CI_TOKEN')
      const script = (await reader.translate(code)).replace('cairn_…', token)
      await using alpine = await createAlpine(apk)
      const { code: ended, stderr } = await alpine.run(`${script}apk add hello`)
      expect({ ended, stderr }).toMatchObject({ ended: 0 })
      expect((await alpine.run(`grep -rlF '${token}' /etc /var`)).stdout).toBe(
        '/etc/apk/repositories.d/acme-edge-main.list\n',
      )
    },
    deploy: (code) => tryDeployment(code),
    // wrangler itself reads it, and would tell of a member that it does not know.
    domain: async (code) => {
      const { directory } = reader.checkout
      const file = join(directory, 'domain.toml')
      const wrangler = readFileSync(join(directory, 'wrangler.toml'), 'utf8')
      await writeFile(file, wrangler.replace(/^main = .*$/m, `$&\n${code.trim()}`))
      const said = await reader.must(
        'node_modules/.bin/wrangler deploy --dry-run --config domain.toml 2>&1',
      )
      expect(said).not.toMatch(/unexpected|warning/i)
    },
    // Its scripts were looked for above.
    develop: async () => {},
  }

  for (const block of blocks)
    it(`${block.page}: ${block.mark?.kind ?? 'unmarked'}: ${block.mark?.name ?? block.line}`, async () => {
      const treatment = treatments[block.mark?.name ?? '']
      if (!treatment)
        throw new Error(`${block.page}, line ${block.line}: no test knows how to treat this block`)
      await treatment(block.code)
    })

  it('has every block that is treated, once', () => {
    expect(blocks.map(({ mark }) => mark?.name).sort()).toEqual(Object.keys(treatments).sort())
  })
})
