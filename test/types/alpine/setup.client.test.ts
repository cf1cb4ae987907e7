// setup.sh on an Alpine of its own: Alpine's busybox runs it from a pipe, and its apk installs.
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { type Alpine, createAlpine } from '../../support/start/alpine.ts'
import { readTree } from '../../support/start/file-tree.ts'
import { buildApk } from './builder.ts'

describeWith(['apk'], 'setup.sh on Alpine', ({ apk }) => {
  const server = useServer()

  async function ownerWithHello(visibility: 'public' | 'private'): Promise<TestOwner> {
    const owner = await createOwner(server(), visibility)
    const content = '#!/bin/sh\necho hello\n'
    const files = [{ path: 'usr/bin/hello', content, mode: 0o755 }]
    await owner.mustPublish('edge/main', buildApk({ name: 'hello', files }))
    return owner
  }

  async function newAlpine(): Promise<Alpine> {
    const alpine = await createAlpine(apk)
    // Makes the folders that apk makes at its first update.
    await must(alpine, 'apk update')
    return alpine
  }

  async function must(alpine: Alpine, script: string): Promise<string> {
    const { code, stdout, stderr } = await alpine.run(script)
    if (code !== 0) throw new Error(`${script} ended with ${code}: ${stdout}${stderr}`)
    return stdout
  }

  /** All files but the log of what apk was called with. */
  function treeOf({ directory }: Alpine): Record<string, string> {
    const { 'var/log/apk.log': _, ...tree } = readTree(directory)
    return tree
  }

  const pipe = (owner: TestOwner, args = '') =>
    `wget -qO- ${owner.url}/edge/main/setup.sh | sh ${args}`
  const privatePipe = (owner: TestOwner, args = '') =>
    `wget -qO- --header "Authorization: Bearer ${owner.readToken}" ${owner.url}/edge/main/setup.sh | ${args}`
  const withToken = (token: string) => `CAIRN_TOKEN=${token} sh`
  const listOf = (owner: TestOwner) => `etc/apk/repositories.d/${owner.name}-edge-main.list`

  it('adds a repository whose packages install, and says which key it trusts', async () => {
    const owner = await ownerWithHello('public')
    await using alpine = await newAlpine()
    const said = await must(alpine, pipe(owner))
    const installed = await must(alpine, 'apk add hello && hello')
    expect(installed).toMatch(/Installing hello \(1\.0-r0\).*\nhello\n$/s)
    const [, fingerprint = ''] = /SHA-256 ([0-9a-f]{64})\n/.exec(said) ?? []
    expect(owner.key.name).toContain(`@${fingerprint.slice(0, 16)}.`)
    const key = await readFile(join(alpine.directory, 'etc/apk/keys', owner.key.name), 'utf8')
    expect(key).toBe(owner.key.pem)
    // Nothing else vouches for the index.
    await must(alpine, `rm /etc/apk/keys/${owner.key.name}`)
    const untrusted = await alpine.run('apk update')
    expect(untrusted.code).not.toBe(0)
    expect(untrusted.stdout + untrusted.stderr).toContain('UNTRUSTED')
  })

  it('changes nothing when it runs again, and takes back exactly what it did', async () => {
    const owner = await ownerWithHello('public')
    await using alpine = await newAlpine()
    const before = treeOf(alpine)
    await must(alpine, pipe(owner))
    const after = treeOf(alpine)
    const changed = Object.keys(after).filter((path) => after[path] !== before[path])
    expect(changed).toEqual([
      `etc/apk/keys/${owner.key.name}`,
      'etc/apk/repositories.d',
      listOf(owner),
      expect.stringMatching(/^var\/cache\/apk\/APKINDEX\.[0-9a-f]{8}\.tar\.gz$/),
    ])
    expect(after[listOf(owner)]).toMatch(/^644 /)
    await must(alpine, pipe(owner))
    expect(treeOf(alpine)).toEqual(after)
    expect(await must(alpine, pipe(owner, '-s -- --uninstall'))).toContain('Removed edge/main')
    expect(treeOf(alpine)).toEqual(before)
    expect(await must(alpine, pipe(owner, '-s -- --uninstall'))).toContain('nothing to remove')
    expect(treeOf(alpine)).toEqual(before)
  })

  it('does nothing when it was cut off, wherever that was', async () => {
    const owner = await ownerWithHello('public')
    await using alpine = await newAlpine()
    const script = await (await fetch(`${owner.url}/edge/main/setup.sh`)).text()
    await writeFile(join(alpine.directory, 'tmp/setup.sh'), script)
    const before = treeOf(alpine)
    const end = script.trimEnd().length
    const cuts = Array.from({ length: end }, (_, at) => at).filter(
      (at) => at % 61 === 0 || at > end - 40,
    )
    expect(cuts.at(-1)).toBe(end - 1)
    // From a pipe, as the shell is then to run what has come so far.
    const attempts = cuts.map((at) => `head -c ${at} /tmp/setup.sh | sh > /tmp/said 2>&1 || :`)
    await must(alpine, `${attempts.join('\n')}\nrm /tmp/said`)
    expect(treeOf(alpine)).toEqual(before)
    await must(alpine, `head -c ${end} /tmp/setup.sh | sh`)
    expect(treeOf(alpine)).not.toEqual(before)
  })

  it('keeps the token of a private owner where only root reads it, and shows it nowhere', async () => {
    const owner = await ownerWithHello('private')
    await using alpine = await newAlpine()
    const before = treeOf(alpine)
    const { code, stdout, stderr } = await alpine.run(
      privatePipe(owner, withToken(owner.readToken)),
    )
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout + stderr).not.toContain(owner.readToken)
    const holding = await must(alpine, `grep -rlF ${owner.readToken} /etc /lib /tmp /usr /var`)
    expect(holding).toBe(`/${listOf(owner)}\n`)
    expect((await stat(join(alpine.directory, listOf(owner)))).mode & 0o777).toBe(0o600)
    const after = treeOf(alpine)
    await must(alpine, privatePipe(owner, withToken(owner.readToken)))
    expect(treeOf(alpine)).toEqual(after)
    expect(await must(alpine, 'apk add hello && hello')).toMatch(/\nhello\n$/)
    expect(await must(alpine, 'apk del hello && apk update')).not.toContain(owner.readToken)
    await must(alpine, privatePipe(owner, 'sh -s -- --uninstall'))
    const { 'lib/apk/db/scripts.tar': _, ...rest } = treeOf(alpine)
    const { 'lib/apk/db/scripts.tar': __, ...expected } = before
    expect(rest).toEqual(expected)
  })

  it('leaves nothing behind of a private owner without a token or with a wrong one', async () => {
    const owner = await ownerWithHello('private')
    await using alpine = await newAlpine()
    const before = treeOf(alpine)
    const anonymous = await alpine.run(`set -o pipefail; ${pipe(owner)}`)
    expect(anonymous.code).not.toBe(0)
    expect(anonymous.stderr).toContain('401 nothing was set up: credentials needed')
    const wrong = pipe(owner).replace('wget', 'wget --header "Authorization: Bearer cairn_wrong"')
    const piped = await alpine.run(wrong)
    // The pipe passes over it, and the form of the README does not.
    expect(piped).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing was set up') })
    const download = `wget -O /tmp/setup.sh ${owner.url}/edge/main/setup.sh && sh /tmp/setup.sh`
    expect((await alpine.run(`${download}; exit $?`)).code).not.toBe(0)
    for (const [shell, said] of [
      ['sh', /set CAIRN_TOKEN/],
      [withToken('cairn_wrong'), /nothing was changed/],
      [withToken("'a b'"), /no access token/],
    ] as const) {
      const { code, stderr } = await alpine.run(privatePipe(owner, shell))
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) })
      expect(treeOf(alpine)).toEqual(before)
    }
  })

  it('keeps no token where HTTP_AUTH has it', async () => {
    const owner = await ownerWithHello('private')
    await using alpine = await newAlpine()
    const auth = `HTTP_AUTH=basic:*:ci:${owner.readToken}`
    await must(alpine, privatePipe(owner, `${auth} sh`))
    expect((await alpine.run(`grep -rF ${owner.readToken} /etc`)).stdout).toBe('')
    expect((await alpine.run('apk add -U hello')).code).not.toBe(0)
    await must(alpine, `${auth} apk add -U hello`)
  })
})
