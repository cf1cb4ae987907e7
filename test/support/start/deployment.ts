// The block of docs/operate.md that deploys, run against a stand-in for Cloudflare's API; then an upgrade
// that brings a migration, and what the page says of both commands.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from '../clients/run.ts'
import { createCheckout } from './checkout.ts'
import { startCloudflare } from './cloudflare.ts'

export async function tryDeployment(code: string): Promise<void> {
  await using checkout = await createCheckout()
  await using cloudflare = await startCloudflare()
  const { directory } = checkout
  const account = { ...checkout.env, ...cloudflare.env }
  const shell = async (script: string, env = account) => {
    const {
      code: ended,
      stdout,
      stderr,
    } = await run('sh', ['-ec', script], { cwd: directory, env })
    return { ended, said: `${stdout}${stderr}` }
  }
  // Else the address would be one that the script then asks for its health.
  const configuration = join(directory, 'wrangler.toml')
  const text = await readFile(configuration, 'utf8')
  const placed = text.replace('DATABASE_LOCATION = ""', 'DATABASE_LOCATION = "oc"')
  expect(placed).not.toBe(text)
  await writeFile(configuration, placed.replace(/^main = /m, 'workers_dev = false\n$&'))

  for (const command of ['setup', 'deploy']) {
    const stranger = await shell(`npm run --silent ${command}`, checkout.env)
    expect(stranger.ended).toBe(1)
    expect(stranger.said).toMatch(/^npm run \w+: [^\n]*: log in with "npx wrangler login"[^\n]*\n$/)
  }

  const first = await shell(code)
  expect(first).toMatchObject({ ended: 0, said: expect.stringContaining('Deployed.') })
  expect([...cloudflare.regions].sort()).toEqual([
    ['bucket', 'oc'],
    ['database', 'oc'],
  ])
  const token = cloudflare.secrets.get('ADMIN_TOKEN')
  expect(first.said).toContain(`shown this once:\n\n  ${token}\n`)
  expect(cloudflare.secrets.get('SIGNING_KEY')).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  const migrations = (await readdir(join(directory, 'migrations'))).filter((name) =>
    name.endsWith('.sql'),
  )
  const applied = cloudflare.database.prepare('SELECT name FROM d1_migrations ORDER BY id').all()
  expect(applied.map(({ name }) => name)).toEqual(migrations.sort())
  expect(cloudflare.events[0]).toBe('upload')

  await writeFile(
    join(directory, 'migrations/9999_later.sql'),
    'CREATE TABLE later (id integer);\n',
  )
  cloudflare.events.length = 0
  expect(await shell('npm run deploy')).toMatchObject({ ended: 0 })
  expect(cloudflare.events.at(-1)).toBe('upload')
  expect(cloudflare.events.filter((event) => /CREATE TABLE later/.test(event))).toHaveLength(1)

  const again = await shell('npm run setup')
  expect(again).toMatchObject({
    ended: 1,
    said: expect.stringContaining('has its secrets already'),
  })
  expect(cloudflare.secrets.get('ADMIN_TOKEN')).toBe(token)
}
