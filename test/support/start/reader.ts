// Somebody who follows the README and the pages behind it: a fresh copy of the project, the registry that they started in it,
// and a terminal whose exports last from one block to the next. Three programs of theirs are not
// what they seem: `npm ci`, since the modules are there; nfpm; and docker, which only writes down.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessGroup } from '../clients/process-group.ts'
import { type Finished, run } from '../clients/run.ts'
import { findFreePort } from '../clients/server.ts'
import { type Checkout, createCheckout, startIn, waitForOutput } from './checkout.ts'

export interface Reader extends AsyncDisposable {
  checkout: Checkout
  /** What the README calls http://127.0.0.1:8787. */
  url: string
  /** Runs `npm start` as the block has it. */
  start(code: string): Promise<void>
  /** Runs a block until a command of it fails. */
  paste(code: string, folder?: string): Promise<Finished>
  /** The same, for what must succeed: gives the output. */
  must(code: string, folder?: string): Promise<string>
  /** The block with this registry's address and key in place of the README's. */
  translate(code: string): Promise<string>
  /** What the stand-in for docker was given. */
  dockerSecret(): Promise<string>
}

const npm = `#!/bin/sh
[ "$1" = ci ] && exit
PATH=\${PATH#*:} exec npm "$@"
`
const docker = `#!/bin/sh -e
[ "$*" = 'build --secret id=cairn,env=HTTP_AUTH .' ]
printf %s "$HTTP_AUTH" > "$HOME/docker-secret"
`

export async function createReader(nfpm: string): Promise<Reader> {
  const checkout = await createCheckout()
  const { directory, env: bare } = checkout
  const home = join(directory, '.cache')
  const bin = join(home, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'npm'), npm, { mode: 0o755 })
  await writeFile(join(bin, 'docker'), docker, { mode: 0o755 })
  await symlink(nfpm, join(bin, 'nfpm'))
  const session = join(home, 'session')
  await writeFile(session, '')
  const env = { ...bare, PATH: `${bin}:${bare.PATH}` }
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  await configurePort(join(directory, 'wrangler.toml'), port)
  let group: ProcessGroup | undefined

  const translate = async (code: string) => {
    const local = code
      .replaceAll('http://127.0.0.1:8787', url)
      .replaceAll('https://packages.example.com', url)
    if (!local.includes('acme@0123456789abcdef.rsa.pub')) return local
    const key = await fetch(`${url}/api/packages/acme/alpine/key`)
    const [, name = ''] = /filename="(.*)"/.exec(key.headers.get('content-disposition') ?? '') ?? []
    return local.replaceAll('acme@0123456789abcdef.rsa.pub', name)
  }
  const paste = async (code: string, folder = directory) => {
    const script = `. '${session}'\n${await translate(code)}\nexport -p > '${session}'\n`
    return run('sh', ['-ec', script], { cwd: folder, env })
  }
  return {
    checkout,
    url,
    start: async (code) => {
      group = startIn({ ...checkout, env }, 'sh', ['-c', code])
      await waitForOutput(group, `serves at ${url}`)
    },
    paste,
    must: async (code, folder) => {
      const { code: ended, stdout, stderr } = await paste(code, folder)
      if (ended !== 0) throw new Error(`the block ended with ${ended}:\n${stdout}${stderr}`)
      return stdout
    },
    translate,
    dockerSecret: () => readFile(join(home, 'docker-secret'), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await group?.end()
      await checkout[Symbol.asyncDispose]()
    },
  }
}

/** The README's port may be somebody's. */
async function configurePort(file: string, port: number): Promise<void> {
  const before = await readFile(file, 'utf8')
  const after = before.replace(/^port = 8787$/m, `port = ${port}`)
  if (after === before) throw new Error('wrangler.toml does not set the port that the README names')
  await writeFile(file, after)
}
