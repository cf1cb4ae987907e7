// What curl asks of files: whole, parts of them, the rest of a broken download, only if changed.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { curl } from '../../support/clients/curl.ts'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { buildLargeApk } from './large-package.ts'

describeWith(['curl'], 'downloading with curl', ({ curl: program }) => {
  const server = useServer()
  const bytes = Buffer.from(buildLargeApk('hello', 300_000))

  async function published() {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', bytes)
    const directory = await temporaryDirectory()
    const repository = `${owner.url}/edge/main/x86_64`
    return { owner, directory, repository, url: `${repository}/hello-1.0-r0.apk` }
  }

  it('saves the key under its name by -JO', async () => {
    const { owner, directory } = await published()
    await runOrThrow(program, ['-fsSJO', `${owner.url}/key`], { cwd: directory })
    expect(await readFile(join(directory, owner.key.name), 'utf8')).toBe(owner.key.pem)
  })

  it('saves a package under its name by -JO', async () => {
    const { directory, url } = await published()
    await runOrThrow(program, ['-fsSJO', url], { cwd: directory })
    expect(Buffer.compare(await readFile(join(directory, 'hello-1.0-r0.apk')), bytes)).toBe(0)
  })

  it('resumes a broken download by -C -', async () => {
    const { directory, url } = await published()
    const file = join(directory, 'hello.apk')
    await writeFile(file, bytes.subarray(0, 1234))
    await runOrThrow(program, ['-fsS', '-C', '-', '-o', file, url])
    expect(Buffer.compare(await readFile(file), bytes)).toBe(0)
  })

  for (const [range, start, end] of [
    ['0-99', 0, 100],
    ['100-199', 100, 200],
    ['-50', bytes.length - 50, bytes.length],
    ['500-', 500, bytes.length],
  ] as const)
    it(`gives the range ${range}`, async () => {
      const { directory, url } = await published()
      const file = join(directory, 'part')
      const format = '%{http_code} %header{content-range}'
      const out = await runOrThrow(program, ['-fsS', '-w', format, '-r', range, '-o', file, url])
      expect(out).toBe(`206 bytes ${start}-${end - 1}/${bytes.length}`)
      expect(Buffer.compare(await readFile(file), bytes.subarray(start, end))).toBe(0)
    })

  it('refuses a range beyond the end', async () => {
    const { url } = await published()
    expect(await curl(program, ['-r', `${bytes.length}-`, url])).toMatchObject({ status: 416 })
  })

  it('tells length and type to HEAD, as GET does', async () => {
    const { url, repository } = await published()
    for (const file of [url, `${repository}/APKINDEX.tar.gz`]) {
      const format = '%{http_code} %header{content-length} %header{content-type} %header{etag}'
      const ask = (how: string[]) =>
        runOrThrow(program, [...how, '-sS', '-o', '/dev/null', '-w', format, file])
      const head = await ask(['--head'])
      expect(head).toBe(await ask([]))
      expect(head).toMatch(/^200 \d+ \S+ "\S+"$/)
    }
  })

  it('answers 304 to the ETag it gave, until there is other content', async () => {
    const { owner, directory, url, repository } = await published()
    for (const file of [url, `${repository}/APKINDEX.tar.gz`]) {
      const tag = join(directory, 'etag')
      await runOrThrow(program, ['-fsS', '-o', '/dev/null', '--etag-save', tag, file])
      expect(await curl(program, ['--etag-compare', tag, file])).toMatchObject({ status: 304 })
      await owner.mustPublish('edge/main', buildApk({ name: `other-${file.length}` }))
      const after = await curl(program, ['--etag-compare', tag, file])
      expect(after.status).toBe(file.endsWith('.apk') ? 304 : 200)
    }
  })

  it('answers in full to a time close to the last change, since clocks differ', async () => {
    const { url, repository } = await published()
    for (const file of [url, `${repository}/APKINDEX.tar.gz`])
      for (const seconds of [-5, 0, 1, 600, 7200]) {
        const time = new Date(Date.now() + seconds * 1000).toUTCString()
        const answer = await curl(program, ['-H', `If-Modified-Since: ${time}`, file])
        expect({ seconds, status: answer.status }).toEqual({ seconds, status: 200 })
      }
  })

  it('sends bytes as they are, whatever encoding curl offers', async () => {
    const { directory, url } = await published()
    const file = join(directory, 'offered')
    const offer = ['-H', 'Accept-Encoding: gzip, br, zstd', '-D', join(directory, 'headers')]
    await runOrThrow(program, ['-fsS', ...offer, '-o', file, url])
    expect(Buffer.compare(await readFile(file), bytes)).toBe(0)
    const headers = await readFile(join(directory, 'headers'), 'utf8')
    expect(headers.toLowerCase()).not.toContain('content-encoding')
  })

  it('answers 404 in words to what is not there', async () => {
    const { url, owner } = await published()
    for (const path of [
      url.replace('1.0', '1.1'),
      `${owner.url}/edge/none/x86_64/APKINDEX.tar.gz`,
    ]) {
      const answer = await curl(program, ['--fail-with-body', path])
      expect(answer).toMatchObject({ code: 22, status: 404 })
      expect(answer.text).toMatch(/^[^\n]+\n$/)
    }
  })
})
