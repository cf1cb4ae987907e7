// `npm start` as a newcomer meets it: in a fresh copy of the project, with the commands that it
// prints run as they stand, by a shell here and on Alpine; and how it ends.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseSections, type Section } from '../../scripts/quick-start.ts'
import { describeWith } from '../support/clients/found.ts'
import type { ProcessGroup } from '../support/clients/process-group.ts'
import { run } from '../support/clients/run.ts'
import { isPortBusy } from '../support/clients/server.ts'
import { type Alpine, createAlpine } from '../support/start/alpine.ts'
import {
  type Checkout,
  createCheckout,
  listProcessesIn,
  startIn,
  waitForExit,
  waitForOutput,
} from '../support/start/checkout.ts'

const greeting = 'Hello from hello 1.0.0-r0'

interface Started {
  group: ProcessGroup
  url: string
  port: number
  output: string
  sections: Section[]
}

/** Resolves when the commands have been printed. Port 0: whichever is free. */
async function npmStart(
  checkout: Checkout,
  port = 0,
  more: readonly string[] = [],
): Promise<Started> {
  const args = ['start', '--', '--port', String(port), '--persist-to', 'state', ...more]
  return waitForSections(startIn(checkout, 'npm', args))
}

async function waitForSections(group: ProcessGroup): Promise<Started> {
  const output = (await waitForOutput(group, 'docker run')).replaceAll('\r\n', '\n')
  const [, url = '', port] = /serves at (http:.*:(\d+))$/m.exec(output) ?? []
  return { group, url, port: Number(port), output, sections: parseSections(output) }
}

/** The commands as they would be pasted. */
function scriptOf(section: Section | undefined): string {
  if (!section || section.steps.length === 0) throw new Error('the commands were not printed')
  return section.steps.map(({ command }) => command).join('\n')
}

async function expectSuccess(script: string, checkout: Checkout, env = {}): Promise<string> {
  const shell = { cwd: checkout.directory, env: { ...checkout.env, ...env } }
  const { code, stdout, stderr } = await run('sh', ['-ec', script], shell)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}

/** A `docker` that takes one command line and runs its command in that Alpine. */
async function writeDocker(directory: string, { enter }: Alpine): Promise<void> {
  const script = `#!/bin/sh -e
[ "$1 $2 $3 $4 $5 $6 $7" = 'run --rm --network host -e URL alpine' ]
shift 7
exec ${enter.join(' ')} URL="$URL" "$@"
`
  await mkdir(directory)
  await writeFile(join(directory, 'docker'), script, { mode: 0o755 })
}

/** Whether the second of two answers is one of the place alone. */
async function remembers(url: string): Promise<boolean> {
  let timing: string | null = null
  for (let time = 0; time < 2; time++) {
    const response = await fetch(
      `${url}/api/packages/acme/alpine/edge/main/noarch/hello-1.0.0-r0.apk`,
    )
    await response.arrayBuffer()
    expect(response.status).toBe(200)
    timing = response.headers.get('server-timing')
  }
  return timing?.startsWith('near') ?? false
}

async function expectNothingLeft({ directory }: Checkout, port: number): Promise<void> {
  // What guards against a kill sees only afterwards that there is nothing left to guard.
  await expect.poll(() => listProcessesIn(directory), { timeout: 5_000 }).toEqual([])
  expect(await isPortBusy(port)).toBe(false)
}

describeWith(['apk', 'curl'], 'npm start', ({ apk }) => {
  it('prints commands that publish and install, and keeps its state', async () => {
    await using checkout = await createCheckout()
    const varsFile = join(checkout.directory, '.dev.vars')
    const first = await npmStart(checkout)
    const vars = await readFile(varsFile, 'utf8')
    const [, token = ''] = /^ADMIN_TOKEN="(.{40,})"$/m.exec(vars) ?? []
    expect(token).not.toBe('')
    expect((await stat(varsFile)).mode & 0o777).toBe(0o600)
    expect(first.output).not.toContain(token)
    expect(first.output).not.toContain('0000_core.sql')

    const [publish, install, container] = first.sections
    const published = await expectSuccess(scriptOf(publish), checkout)
    expect(published).toContain('published hello 1.0.0-r0 noarch to acme/edge/main')
    expect(await remembers(first.url)).toBe(false)
    await using alpine = await createAlpine(apk)
    const installed = await alpine.run(scriptOf(install))
    expect(installed).toMatchObject({ code: 0, stdout: expect.stringContaining(greeting) })
    await using other = await createAlpine(apk)
    const bin = join(checkout.directory, 'fake-docker')
    await writeDocker(bin, other)
    const env = { PATH: `${bin}:${checkout.env.PATH}`, URL: first.url }
    expect(await expectSuccess(scriptOf(container), checkout, env)).toContain(greeting)

    expect(listProcessesIn(checkout.directory).length).toBeGreaterThan(4)
    process.kill(first.group.id, 'SIGTERM')
    expect(await waitForExit(first.group)).toBe(0)
    await expectNothingLeft(checkout, first.port)

    const second = await npmStart(checkout, first.port, ['--var', 'REMEMBER_SECONDS:10'])
    expect(second.url).toBe(first.url)
    expect(await remembers(second.url)).toBe(true)
    expect(await readFile(varsFile, 'utf8')).toBe(vars)
    expect(second.sections).toEqual(first.sections)
    expect((await alpine.run('apk del hello && apk add -U hello && hello')).code).toBe(0)
    // What Ctrl-C does: the signal goes to npm and to the script at once.
    process.kill(-second.group.id, 'SIGINT')
    await waitForExit(second.group)
    await expectNothingLeft(checkout, second.port)
  })

  it('on every interface prints the lines to install for other machines', async () => {
    await using checkout = await createCheckout()
    const args = ['start', '--', '--port', '0', '--ip', '0.0.0.0', '--persist-to', 'state']
    const { group, port, url, output, sections } = await waitForSections(
      startIn(checkout, 'npm', args),
    )
    const [, others = ''] = /^For other machines: (.*)$/m.exec(output) ?? []
    expect([url, new URL(others).port]).toEqual([`http://127.0.0.1:${port}`, String(port)])
    expect(new URL(others).hostname).not.toBe('127.0.0.1')
    expect(sections[0]?.steps[0]?.command).toContain(`URL=${url} `)
    expect(sections[1]?.steps[0]?.command).toBe(`export URL=${others}`)
    expect((await fetch(`${others}/api/healthz`)).status).toBe(200)
    await group.end()
  })

  it('refuses a busy port in one line, and ends when wrangler does', async () => {
    await using checkout = await createCheckout()
    const { group, port } = await npmStart(checkout)
    const args = ['--silent', 'start', '--', '--port', String(port)]
    const refused = await run('npm', args, { cwd: checkout.directory, env: checkout.env })
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(new RegExp(`^npm start: port ${port} is in use: .*\n$`))

    const runtimes = listProcessesIn(checkout.directory).filter(({ command }) =>
      command.includes('wrangler-dist'),
    )
    for (const { pid } of runtimes) process.kill(pid, 'SIGKILL')
    expect(await waitForExit(group)).toBe(1)
    await expectNothingLeft(checkout, port)
  })

  it('shows what wrangler said of migrations that fail', async () => {
    await using checkout = await createCheckout()
    await writeFile(join(checkout.directory, 'migrations/9999_bad.sql'), 'CREATE NONSENSE;')
    const args = ['--silent', 'start', '--', '--port', '0']
    const failed = await run('npm', args, { cwd: checkout.directory, env: checkout.env })
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/near "NONSENSE": syntax error/)
  })

  it('shows the token on a terminal, adds a missing secret, and ends with the terminal', async () => {
    await using checkout = await createCheckout()
    const varsFile = join(checkout.directory, '.dev.vars')
    const mine = '# mine\nOTHER=1\nADMIN_TOKEN=a-token-of-my-own'
    await writeFile(varsFile, mine)
    const terminal = 'import pty, sys; pty.spawn(sys.argv[1:])'
    const npm = ['npm', 'start', '--', '--port', '0', '--persist-to', 'state']
    const started = await waitForSections(startIn(checkout, 'python3', ['-c', terminal, ...npm]))
    expect(started.output).toContain('Added SIGNING_KEY to .dev.vars')
    expect(started.sections[0]?.steps[0]?.command).toBe(
      `export URL=${started.url} TOKEN=a-token-of-my-own`,
    )
    expect((await readFile(varsFile, 'utf8')).startsWith(`${mine}\nSIGNING_KEY="`)).toBe(true)
    process.kill(started.group.id, 'SIGKILL')
    await expectNothingLeft(checkout, started.port)
  })
})

describeWith([], 'bad options', () => {
  it.each([
    ['fuzz', 'scripts/fuzz.ts', ['--seconds=soon', '--forever']],
    ['bench', 'bench/run.ts', ['--runs=many', '--forever', '--only=nothing']],
  ])('of npm run %s are refused in one line', async (name, script, options) => {
    for (const option of options) {
      const { code, stderr } = await run(process.execPath, [script, option])
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(new RegExp(`^npm run ${name}: [^\\n]+\\n$`)),
      ])
    }
  })
})

describeWith([], 'wrangler dev without npm start', () => {
  it('answers 503 with one line that names the cause and the command', async () => {
    await using checkout = await createCheckout()
    const wrangler = join(checkout.directory, 'node_modules/wrangler/bin/wrangler.js')
    const group = startIn(checkout, process.execPath, [wrangler, 'dev', '--port', '0'])
    const output = await waitForOutput(group, 'Ready on')
    const [, url] = /Ready on (\S+)/.exec(output) ?? []
    for (const path of ['key', 'edge/main/x86_64/APKINDEX.tar.gz']) {
      const response = await fetch(`${url}/api/packages/acme/alpine/${path}`)
      expect(response.status).toBe(503)
      expect(await response.text()).toMatch(
        /^not configured: the secret ADMIN_TOKEN is missing.*npm start.*\n$/,
      )
    }
    const health = await fetch(`${url}/api/healthz`)
    expect(health.status).toBe(503)
    expect(await health.text()).toContain('npm start')
    await group.end()
  })
})
