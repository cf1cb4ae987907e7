// What npm alone has commands for, or says more about than other clients: views, tags, deprecation, unpublishing,
// accounts, audits, and the size of what it publishes.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { CLIENTS, createProject, type Project } from './clients/clients.ts'

describeWith(['npmClients'], 'npm', ({ npmClients: tools }) => {
  const server = useServer()
  const [npm] = CLIENTS
  if (npm === undefined) throw new Error('npm is no client')

  const projectOf = (owner: TestOwner, packageJson?: Readonly<Record<string, unknown>>) =>
    createProject(
      npm,
      {
        ...{ tools, origin: server().url, owner: owner.name, token: owner.token },
        ...{ visibility: 'public', publishing: true },
      },
      packageJson,
    )

  async function said(project: Project, ...args: readonly string[]): Promise<string> {
    const finished = await project.run(...args)
    if (finished.code !== 0) throw new Error(`npm ${args.join(' ')}:\n${finished.said}`)
    return finished.said
  }

  async function refusal(project: Project, ...args: readonly string[]): Promise<string> {
    const finished = await project.run(...args)
    expect(finished.code).not.toBe(0)
    return finished.said
  }

  /** 1.0.0, 1.1.0 under `latest`, and 2.0.0-rc.1 under `next`. */
  async function publishThree(owner: TestOwner): Promise<Project> {
    const members = { name: '@acme/tool', description: 'Greets', keywords: ['hello'] }
    const project = await projectOf(owner, { ...members, version: '1.0.0' })
    await project.write({ 'index.js': '1', 'README.md': '# The tool' })
    for (const [version, tag] of [
      ['1.0.0', 'latest'],
      ['1.1.0', 'latest'],
      ['2.0.0-rc.1', 'next'],
    ] as const) {
      await project.write({ 'package.json': JSON.stringify({ ...members, version }) })
      await said(project, 'publish', '--tag', tag)
    }
    return project
  }

  it('views, tags, deprecates and unpublishes', async () => {
    const owner = await createOwner(server(), 'public')
    const project = await publishThree(owner)
    const view = JSON.parse(await said(project, 'view', '@acme/tool', '--json'))
    expect(view).toMatchObject({
      ...{ version: '1.1.0', versions: ['1.0.0', '1.1.0', '2.0.0-rc.1'], description: 'Greets' },
      'dist-tags': { latest: '1.1.0', next: '2.0.0-rc.1' },
    })
    expect(await said(project, 'view', '@acme/tool', 'readme')).toContain('# The tool')
    expect(await said(project, 'view', '@acme/tool@next', 'version')).toContain('2.0.0-rc.1')
    await said(project, 'dist-tag', 'add', '@acme/tool@1.0.0', 'old')
    expect(await said(project, 'dist-tag', 'ls', '@acme/tool')).toContain('old: 1.0.0')
    await said(project, 'dist-tag', 'rm', '@acme/tool', 'old')
    expect(await refusal(project, 'dist-tag', 'rm', '@acme/tool', 'latest')).toContain(
      'the tag latest cannot be removed: without it nobody could install @acme/tool by its name',
    )
    expect(await refusal(project, 'dist-tag', 'add', '@acme/tool@9.0.0', 'other')).toContain(
      'no such version or tag of "@acme/tool": "9.0.0"',
    )
    await said(project, 'deprecate', '@acme/tool@1.0.0', 'use 1.1.0')
    const app = await projectOf(owner)
    expect(await said(app, 'install', '@acme/tool@1.0.0')).toContain('use 1.1.0')
    await said(project, 'deprecate', '@acme/tool', '')
    expect(await said(project, 'view', '@acme/tool@1.0.0', 'deprecated')).not.toContain('use')
    await said(project, 'unpublish', '@acme/tool@1.1.0')
    expect(await said(project, 'dist-tag', 'ls', '@acme/tool')).toContain('latest: 1.0.0')
    // What it had does not come back with other bytes.
    await project.write({
      ...{ 'package.json': JSON.stringify({ name: '@acme/tool', version: '1.1.0' }) },
      'index.js': 'other',
    })
    expect(await refusal(project, 'publish')).toContain('where names stay taken')
    await said(project, 'unpublish', '--force', '@acme/tool')
    expect(await refusal(project, 'view', '@acme/tool')).toContain('no such package: "@acme/tool"')
  })

  it('searches, pings, audits, and knows who asks', async () => {
    const owner = await createOwner(server(), 'public')
    const project = await publishThree(owner)
    const registry = ['--registry', `${server().url}/api/packages/${owner.name}/npm/`]
    const [found] = JSON.parse(await said(project, 'search', 'tool', '--json', ...registry))
    expect(found).toMatchObject({ name: '@acme/tool', version: '1.1.0', description: 'Greets' })
    expect(await said(project, 'ping', ...registry)).toContain('PONG')
    expect(await said(project, 'whoami', ...registry)).toContain(owner.name)
    const app = await projectOf(owner)
    await said(app, 'install', '@acme/tool')
    expect(await said(app, 'audit', ...registry)).toContain('found 0 vulnerabilities')
  })

  it('logs in with a token as the password, and out', async () => {
    const owner = await createOwner(server(), 'private')
    const registry = `${server().url}/api/packages/${owner.name}/npm/`
    const home = await temporaryDirectory()
    const program = join(tools, 'npm/bin/npm-cli.js')
    const ask = (args: readonly string[], lines: readonly string[] = []) =>
      answerTo(home, [program, ...args, '--registry', registry], lines)
    const login = ['login', '--auth-type=legacy']
    expect(await ask(login, ['me', 'cairn_wrong'])).toContain(
      'an access token of this registry as the password',
    )
    expect(await ask(login, ['me', owner.readToken])).toContain('Logged in on')
    expect(await readFile(join(home, '.npmrc'), 'utf8')).toContain(`:_authToken=${owner.readToken}`)
    expect(await ask(['whoami'])).toContain(owner.name)
    expect(await ask(['logout'])).toContain('the access token stays valid')
    expect(await readFile(join(home, '.npmrc'), 'utf8').catch(() => '')).not.toContain('cairn_')
  })

  it('publishes 70 MB, and is told what is too large', async () => {
    const owner = await createOwner(server(), 'public')
    const project = await projectOf(owner, { name: '@acme/large', version: '1.0.0' })
    const data = randomBytes(70_000_000)
    await writeFile(join(project.directory, 'data'), data)
    await said(project, 'publish')
    const app = await projectOf(owner)
    await said(app, 'install', '@acme/large')
    expect(
      (await readFile(join(app.directory, 'node_modules/@acme/large/data'))).equals(data),
    ).toBe(true)
    await project.write({
      'package.json': JSON.stringify({ name: '@acme/large', version: '2.0.0' }),
    })
    await writeFile(join(project.directory, 'data'), randomBytes(78_000_000))
    expect(await refusal(project, 'publish')).toContain(
      'the body is larger than the limit of 100000000 bytes: send less',
    )
  })
})

/** Runs a script of Node and answers each of its questions, as a person does. */
function answerTo(
  home: string,
  args: readonly string[],
  lines: readonly string[],
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const env = { PATH: process.env.PATH ?? '', HOME: home, NO_COLOR: '1' }
  const child = spawn(process.execPath, [...args], { cwd: home, env })
  const left = [...lines]
  let text = ''
  const take = (chunk: Buffer) => {
    text += chunk
    if (!/(Username|Password|Email).*: $/.test(text)) return
    const line = left.shift()
    text += '\n'
    if (line === undefined) child.stdin.end()
    else child.stdin.write(`${line}\n`)
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  child.on('error', reject)
  child.on('close', () => resolve(text))
  return promise
}
