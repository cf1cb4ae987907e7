// Refusals of large bodies, which come before, in the middle and at the end of what curl sends: each
// reaches it as the status and the text, not as a broken connection, and leaves nothing behind.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { curl } from '../../support/clients/curl.ts'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildLargeApk, largeSize } from './large-package.ts'

describeWith(['curl'], 'refusing 90 MB', ({ curl: program }) => {
  const server = useServer()
  const large = once(() => buildLargeApk('large'))
  const tooLarge = once(() => buildLargeApk('large', 105_000_000))

  const ways = {
    'of declared length': ['-H', 'Expect:'],
    'of declared length, after 100-continue': ['-H', 'Expect: 100-continue'],
    'in chunks': ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect:'],
  }

  async function send(owner: TestOwner, bytes: Uint8Array, token: string, way: readonly string[]) {
    const file = join(await temporaryDirectory(), 'large.apk')
    await writeFile(file, bytes)
    const credentials = token === '' ? [] : ['-u', `anyone:${token}`]
    const upload = ['--fail-with-body', ...credentials, ...way, '-T', file]
    return curl(program, [...upload, `${owner.url}/edge/main`])
  }

  async function expectNothing(owner: TestOwner): Promise<void> {
    expect((await owner.get('edge/main/x86_64/APKINDEX.tar.gz')).status).toBe(404)
    expect((await owner.get('edge/main/x86_64/large-1.0-r0.apk')).status).toBe(404)
  }

  for (const [way, options] of Object.entries(ways)) {
    for (const [where, at] of [
      ['near the start', 700],
      ['in the middle', largeSize >> 1],
      ['near the end', largeSize - 4096],
    ] as const)
      it(`answers 400 to a bit flipped ${where} (${way})`, async () => {
        const owner = await createOwner(server(), 'public')
        const damaged = large().slice()
        damaged[at] = (damaged[at] ?? 0) ^ 1
        const answer = await send(owner, damaged, owner.token, options)
        expect(answer, answer.text).toMatchObject({ code: 22, status: 400 })
        expect(answer.text).toMatch(/^[^\n]{10,}\n$/)
        await expectNothing(owner)
      })

    it(`answers 401 and 403 (${way})`, async () => {
      const owner = await createOwner(server(), 'public')
      for (const [token, status, said] of [
        ['', 401, /token/],
        ['wrong', 401, /./],
        [owner.readToken, 403, /write/],
      ] as const) {
        const answer = await send(owner, large(), token, options)
        expect(answer, answer.text).toMatchObject({ code: 22, status })
        expect(answer.text).toMatch(said)
      }
      await expectNothing(owner)
    })

    it(`answers 409 to what exists (${way})`, async () => {
      const owner = await createOwner(server(), 'public')
      await owner.mustPublish('edge/main', buildLargeApk('large', 1000))
      const answer = await send(owner, large(), owner.token, options)
      expect(answer, answer.text).toMatchObject({ code: 22, status: 409 })
      expect(answer.text).toContain('pkgrel')
    })

    it(`answers 413 to more than the limit (${way})`, async () => {
      const owner = await createOwner(server(), 'public')
      const answer = await send(owner, tooLarge(), owner.token, options)
      expect(answer, answer.text).toMatchObject({ code: 22, status: 413 })
      expect(answer.text).toMatch(/limit/)
      await expectNothing(owner)
    })

    it(`takes a right one (${way})`, async () => {
      const owner = await createOwner(server(), 'public')
      expect(await send(owner, large(), owner.token, options)).toMatchObject({
        code: 0,
        status: 201,
      })
    })
  }

  it('goes on serving after all that', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', buildLargeApk('small', 1000))
    expect((await owner.get('edge/main/x86_64/APKINDEX.tar.gz')).status).toBe(200)
  })
})

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
