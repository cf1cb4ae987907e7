// Generic files with curl: large, sent in chunks and by parallel jobs, and downloads that go on where
// they broke off.
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { curl, uploadArguments } from '../../support/clients/curl.ts'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'

const largeSize = 90_000_000

describeWith(['curl'], 'generic files with curl', ({ curl: program }) => {
  const server = useServer()

  async function prepare() {
    const owner = await createOwner(server(), 'public')
    const url = `${server().url}/api/packages/${owner.name}/generic`
    return { owner, url, directory: await temporaryDirectory() }
  }

  async function writeLarge(file: string): Promise<string> {
    const handle = await open(file, 'w')
    const block = randomBytes(1_000_000)
    for (let written = 0; written < largeSize; written += block.length) {
      block.writeUInt32LE(written)
      await handle.write(block)
    }
    await handle.close()
    return sha256Of(file)
  }

  it('takes 90 MB, declared and in chunks, and goes on with a broken download', async () => {
    const { owner, url, directory } = await prepare()
    const [file, got] = [join(directory, 'large.bin'), join(directory, 'got.bin')]
    const digest = await writeLarge(file)
    const chunks = ['-H', 'Transfer-Encoding: chunked']
    for (const [version, how] of [
      ['1', []],
      ['2', chunks],
    ] as const) {
      const target = `${url}/large/${version}/`
      const answer = await curl(program, [...how, ...uploadArguments(owner.token, file, target)])
      expect(`${answer.status} ${answer.text}`).toMatch(/^201 published "large\.bin" of large "\d"/)
      const download = `${target}large.bin`
      await runOrThrow(program, ['-fsS', '-o', got, download])
      expect(await sha256Of(got)).toBe(digest)
      await truncate(got, 12_345_678)
      const format = '%{http_code} %{size_download}'
      const out = await runOrThrow(program, ['-fsS', '-C', '-', '-w', format, '-o', got, download])
      expect(out).toBe(`206 ${largeSize - 12_345_678}`)
      expect(await sha256Of(got)).toBe(digest)
    }
  })

  it('saves a file under its name by -JO, and asks only once for what it has', async () => {
    const { owner, url, directory } = await prepare()
    const file = join(directory, 'Read me (1).txt')
    await writeFile(file, 'hello')
    const target = `${url}/tool/1.0/Read%20me%20(1).txt`
    expect(await curl(program, uploadArguments(owner.token, file, target))).toMatchObject({
      status: 201,
    })
    const [folder, etag] = [await temporaryDirectory(), join(directory, 'etag')]
    const get = ['-fsS', '--etag-save', etag, '--etag-compare', etag, '-w', '%{http_code}']
    expect(await runOrThrow(program, [...get, '-JO', target], { cwd: folder })).toContain('200')
    expect(await readFile(join(folder, 'Read me (1).txt'), 'utf8')).toBe('hello')
    expect(await runOrThrow(program, [...get, '-o', join(folder, 'again'), target])).toBe('304')
  })

  it('gives one 201 to twenty parallel uploads of one name, and to each of twenty names', async () => {
    const { owner, url, directory } = await prepare()
    const send = async (number: number, name: string) => {
      const file = join(directory, `${number}`)
      await writeFile(file, `content ${number}`)
      return curl(program, uploadArguments(owner.token, file, `${url}/tool/1.0/${name}`))
    }
    const numbers = Array.from({ length: 20 }, (_, number) => number)
    const one = await Promise.all(numbers.map((number) => send(number, 'one')))
    expect(one.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)])
    const winner = one.findIndex(({ status }) => status === 201)
    const { text } = await curl(program, [`${url}/tool/1.0/one`])
    expect(text).toBe(`content ${winner}`)
    const all = await Promise.all(numbers.map((number) => send(number, `file-${number}`)))
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([201]))
  })

  it('says why it refuses, also a large body', async () => {
    const { owner, url, directory } = await prepare()
    const file = join(directory, 'large.bin')
    await writeFile(file, new Uint8Array(30_000_000))
    const target = `${url}/tool/1.0/large.bin`
    const stranger = await curl(program, ['--fail-with-body', '-T', file, target])
    expect(`${stranger.status} ${stranger.text}`).toMatch(/^401 credentials needed/)
    const bad = await curl(program, uploadArguments(owner.token, file, `${url}/a%20b/1/f`))
    expect(`${bad.status} ${bad.text}`).toMatch(/^400 package "a b" is not a valid name/)
    const send = () => curl(program, uploadArguments(owner.token, file, target))
    expect((await send()).status).toBe(201)
    const again = await send()
    expect(`${again.code} ${again.status} ${again.text}`).toMatch(/^22 409 .*nothing to do/)
  })
})

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}
