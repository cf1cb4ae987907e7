// Every way in which curl sends a file, and every way in which it sends credentials.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { curl, uploadArguments } from '../../support/clients/curl.ts'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'

describeWith(['curl'], 'publishing with curl', ({ curl: program }) => {
  const server = useServer()
  const bytes = buildApk({ name: 'hello', version: '1.0.0-r0' })
  const repository = (owner: TestOwner) => `${owner.url}/edge/main`

  async function prepare() {
    const owner = await createOwner(server(), 'public')
    const directory = await temporaryDirectory()
    const file = join(directory, 'any name.apk')
    await writeFile(file, bytes)
    return { owner, directory, file, bearer: ['-H', `Authorization: Bearer ${owner.token}`] }
  }

  async function expectPublished(owner: TestOwner): Promise<void> {
    const file = join(await temporaryDirectory(), 'downloaded')
    const url = `${repository(owner)}/x86_64/hello-1.0.0-r0.apk`
    await runOrThrow(program, ['-fsS', '-o', file, url])
    expect(Buffer.compare(await readFile(file), bytes)).toBe(0)
  }

  // What curl sends with the file, by where it sends it and how.
  for (const [title, options, path, source] of [
    ['to the repository', [], '', 'file'],
    ['to the repository with a trailing slash', [], '/', 'file'],
    ['to a file name of its own', [], '/other_1.2.3_amd64.apk', 'file'],
    ['in chunks', ['-H', 'Transfer-Encoding: chunked'], '', 'file'],
    ['in chunks to a trailing slash', ['-H', 'Transfer-Encoding: chunked'], '/', 'file'],
    ['from standard input', [], '', 'stdin'],
    ['from standard input, without Expect', ['-H', 'Expect:'], '', 'stdin'],
    ['after 100-continue', ['-H', 'Expect: 100-continue'], '', 'file'],
    ['in chunks after 100-continue', ['-H', 'Expect: 100-continue'], '', 'stdin'],
    ['without Expect', ['-H', 'Expect:'], '', 'file'],
    ['over HTTP/1.0', ['--http1.0'], '', 'file'],
  ] as const)
    it(`takes a file ${title}`, async () => {
      const { owner, file, bearer } = await prepare()
      const upload = ['-T', source === 'stdin' ? '-' : file, repository(owner) + path]
      const stdin = source === 'stdin' ? { stdin: bytes } : {}
      const answer = await curl(
        program,
        ['--fail-with-body', ...bearer, ...options, ...upload],
        stdin,
      )
      expect(answer).toMatchObject({ code: 0, status: 201 })
      const line = `published hello 1.0.0-r0 x86_64 to ${owner.name}/edge/main, revision 1`
      expect(answer.text.trim()).toBe(line)
      await expectPublished(owner)
    })

  it('takes a body sent as data, under the type of a form', async () => {
    const { owner, file, bearer } = await prepare()
    const data = ['-X', 'PUT', '--data-binary', `@${file}`, repository(owner)]
    expect(await curl(program, [...bearer, ...data])).toMatchObject({ status: 201 })
    await expectPublished(owner)
  })

  it.each([
    ['', []],
    [', in chunks', ['-H', 'Transfer-Encoding: chunked']],
    [', after a text field', ['-F', 'note=first']],
  ])('takes the file of a form%s', async (_, options) => {
    const { owner, file, bearer } = await prepare()
    const form = ['-X', 'PUT', ...options, '-F', `file=@${file}`, repository(owner)]
    expect(await curl(program, [...bearer, ...form])).toMatchObject({ status: 201 })
    await expectPublished(owner)
  })

  it('says why it refuses a large file of a form', async () => {
    const { owner, directory, bearer } = await prepare()
    const file = join(directory, 'large')
    await writeFile(file, new Uint8Array(20_000_000))
    const form = ['-X', 'PUT', '-F', `file=@${file}`, repository(owner)]
    const answer = await curl(program, ['--fail-with-body', ...bearer, ...form])
    expect(answer).toMatchObject({ code: 22, status: 400 })
    expect(answer.text).toMatch(/gzip/)
  })

  it('says where the package is', async () => {
    const { owner, file } = await prepare()
    const upload = uploadArguments(owner.token, file, repository(owner))
    const { stderr } = await curl(program, ['--verbose', ...upload])
    const [, location = ''] = /^< location: (\S+)/im.exec(stderr) ?? []
    const url = new URL(location, repository(owner)).href
    expect(url).toBe(`${repository(owner)}/x86_64/hello-1.0.0-r0.apk`)
    expect(await curl(program, [url])).toMatchObject({ status: 200 })
  })

  it('takes the token as the password of Basic, as Bearer, as token and from .netrc', async () => {
    const { owner, directory, file } = await prepare()
    const netrc = join(directory, 'netrc')
    const line = `machine 127.0.0.1 login anyone password ${owner.token}\n`
    await writeFile(netrc, line, { mode: 0o600 })
    for (const [index, credentials] of [
      ['-u', `anyone:${owner.token}`],
      ['-u', `:${owner.token}`],
      ['-H', `Authorization: Bearer ${owner.token}`],
      ['-H', `Authorization: token ${owner.token}`],
      ['--netrc-file', netrc],
    ].entries()) {
      await writeFile(file, buildApk({ name: `hello-${index}` }))
      const answer = await curl(program, [...credentials, '-T', file, repository(owner)])
      expect({ credentials, status: answer.status }).toEqual({ credentials, status: 201 })
    }
  })

  it('answers a repeated publish by what differs', async () => {
    const { owner, directory, file } = await prepare()
    const upload = uploadArguments(owner.token, file, repository(owner))
    expect(await curl(program, upload)).toMatchObject({ status: 201 })

    const same = await curl(program, upload)
    expect(same).toMatchObject({ code: 22, status: 409 })
    const accept = ['-H', 'Accept: application/json']
    expect(JSON.parse((await curl(program, [...accept, ...upload])).text)).toMatchObject({
      code: 'already-published',
    })
    const accepted = uploadArguments(owner.token, file, `${repository(owner)}?if-exists=same`)
    expect(await curl(program, accepted)).toMatchObject({ code: 0, status: 200 })

    const other = join(directory, 'other.apk')
    await writeFile(other, buildApk({ name: 'hello', version: '1.0.0-r0', files: [] }))
    for (const query of ['', '?if-exists=same']) {
      const url = repository(owner) + query
      const different = await curl(program, uploadArguments(owner.token, other, url))
      expect(different).toMatchObject({ code: 22, status: 409 })
      expect(different.text).toContain('pkgrel')
      expect(different.text).not.toBe(same.text)
    }
    await expectPublished(owner)
  })

  it('refuses no credentials, wrong ones and a token that may only read', async () => {
    const { owner, file } = await prepare()
    const upload = ['--fail-with-body', '-T', file, repository(owner)]
    const anonymous = await curl(program, ['--verbose', ...upload])
    expect(anonymous).toMatchObject({ code: 22, status: 401 })
    expect(anonymous.stderr).toMatch(/^< www-authenticate: basic/im)
    expect(anonymous.text).toMatch(/token/)
    expect(await curl(program, ['-u', 'x:wrong', ...upload])).toMatchObject({ status: 401 })
    const reader = await curl(program, ['-u', `x:${owner.readToken}`, ...upload])
    expect(reader).toMatchObject({ code: 22, status: 403 })
    expect(reader.text).toMatch(/write/)
    const index = await owner.get('edge/main/x86_64/APKINDEX.tar.gz')
    expect(index.status).toBe(404)
  })

  it('refuses an empty body and one that is no package', async () => {
    const { owner, file } = await prepare()
    for (const content of ['', 'no package\n', bytes.subarray(0, bytes.length - 1)]) {
      await writeFile(file, content)
      const answer = await curl(program, uploadArguments(owner.token, file, repository(owner)))
      expect(answer).toMatchObject({ code: 22, status: 400 })
      expect(answer.text).toMatch(/^[^\n]+\n$/)
    }
  })
})
