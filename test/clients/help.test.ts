// What every command of npm here says to --help, before it does anything: in a copy of the project without
// secrets, and without a registry to ask.
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, runOrThrow } from '../support/clients/run.ts'
import { type Checkout, createCheckout } from '../support/start/checkout.ts'

const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
  scripts: Record<string, string>
}
const ours = Object.entries(scripts).flatMap(([name, command]) => {
  const [script] = /(?:scripts|bench)\/[a-z]+\.ts$/.exec(command) ?? []
  return script === undefined ? [] : [{ name, script }]
})

describe('--help', () => {
  let checkout: Checkout
  beforeAll(async () => {
    checkout = await createCheckout()
  })
  afterAll(async () => checkout[Symbol.asyncDispose]())
  /** All files but those of modules, which are linked, and of npm itself, which keeps a log. */
  const list = () =>
    runOrThrow('find', ['.', '-path', './.cache', '-prune', '-o', '-print'], {
      cwd: checkout.directory,
    })

  it('is asked of every command that is a script here', () => {
    expect(ours.map(({ name }) => name).sort()).toEqual(
      Object.keys(scripts)
        .filter((name) => !['typecheck', 'lint', 'format', 'migration'].includes(name))
        .sort(),
    )
  })

  it.each(ours)('of npm run $name says how it is called, and does nothing', async (each) => {
    const { name, script } = each
    const before = await list()
    const env = { ...checkout.env, URL: 'http://127.0.0.1:9', TOKEN: 'none' }
    for (const args of [['--help'], ['-h'], ['anything', '--help']]) {
      const options = { cwd: checkout.directory, env }
      const { code, stdout, stderr } = await run(process.execPath, [script, ...args], options)
      expect([code, stderr]).toEqual([0, ''])
      const command = name === 'start' || name === 'test' ? `npm ${name}` : `npm run ${name}`
      expect(stdout.startsWith(command)).toBe(true)
    }
    expect(await list()).toEqual(before)
  })

  it('npm start before npm ci says so in one line', async () => {
    await rm(join(checkout.directory, 'node_modules'))
    const options = { cwd: checkout.directory, env: checkout.env }
    const before = await list()
    const { code, stdout, stderr } = await run('npm', ['--silent', 'start'], options)
    expect([code, stdout, stderr]).toEqual([1, '', 'npm start: run npm ci first\n'])
    expect(await list()).toEqual(before)
  })
})
