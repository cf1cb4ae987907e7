// Many publishers of one new repository at once: every 201 is in the index from that moment on.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { createOwner } from '../support/clients/registry.ts'
import { run, runOrThrow } from '../support/clients/run.ts'
import { temporaryDirectory } from '../support/clients/temporary-directory.ts'
import { useServer } from '../support/clients/use-server.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { createApkRoot, readIndexText } from '../types/alpine/clients/apk.ts'

const publishers = 100

describeWith(['curl', 'apk'], `${publishers} publishers at once`, ({ curl, apk }) => {
  const server = useServer()
  const name = (index: number) => `package-${String(index).padStart(3, '0')}`

  it('each finds its package in the index right after its 201', async () => {
    const owner = await createOwner(server(), 'public')
    const directory = await temporaryDirectory()
    const numbers = Array.from({ length: publishers }, (_, index) => index)
    const attempts = numbers.map(async (index) => {
      const arch = index % 3 === 0 ? 'noarch' : 'x86_64'
      const answer = await owner.publish('edge/new', buildApk({ name: name(index), arch }))
      const file = join(directory, `index-${index}`)
      const read = await fetch(`${owner.url}/edge/new/x86_64/APKINDEX.tar.gz`)
      await writeFile(file, new Uint8Array(await read.arrayBuffer()))
      const listed = (await readIndexText(file)).split('\n').includes(`P:${name(index)}`)
      return { index, status: answer.status, index_status: read.status, listed }
    })
    const expected = { status: 201, index_status: 200, listed: true }
    expect(await Promise.all(attempts)).toEqual(numbers.map((index) => ({ index, ...expected })))

    const root = await createApkRoot(apk, {
      repositories: [`${owner.url}/edge/new`],
      keys: [owner.key],
    })
    const found = await root.must(['search', '-U', '--exact', '--quiet', 'package-*'])
    expect(found.trim().split('\n').sort()).toEqual(numbers.map(name))
  })

  it('all are taken when one curl sends them in parallel', async () => {
    const owner = await createOwner(server(), 'public')
    const directory = await temporaryDirectory()
    const transfers: string[] = []
    for (let index = 0; index < publishers; index += 1) {
      const file = join(directory, `${name(index)}.apk`)
      await writeFile(file, buildApk({ name: name(index) }))
      transfers.push(
        [
          `upload-file = "${file}"`,
          `url = "${owner.url}/edge/new/"`,
          `header = "Authorization: Bearer ${owner.token}"`,
          'write-out = "%{http_code}\\n"',
          'output = "/dev/null"',
        ].join('\n'),
      )
    }
    const configuration = join(directory, 'curlrc')
    await writeFile(configuration, transfers.join('\nnext\n'))
    const parallel = ['--silent', '--parallel', '--parallel-immediate', '--parallel-max', '100']
    const { stdout } = await run(curl, [...parallel, '--config', configuration])
    expect(stdout.trim().split('\n')).toEqual(Array(publishers).fill('201'))
    const index = join(directory, 'index')
    await runOrThrow(curl, ['-fsS', '-o', index, `${owner.url}/edge/new/x86_64/APKINDEX.tar.gz`])
    const names = [...(await readIndexText(index)).matchAll(/^P:(.*)$/gm)].map(([, found]) => found)
    expect(names.sort()).toEqual(Array.from({ length: publishers }, (_, index) => name(index)))
  })

  it('exactly one of many wins when all send the same name', async () => {
    const owner = await createOwner(server(), 'public')
    const bodies = Array.from({ length: 20 }, (_, index) =>
      buildApk({ name: 'same', files: [{ path: 'etc/who', content: String(index) }] }),
    )
    const answers = await Promise.all(bodies.map((body) => owner.publish('edge/new', body)))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([201, ...Array(bodies.length - 1).fill(409)])
    const winner = bodies[answers.findIndex(({ status }) => status === 201)]
    const read = await fetch(`${owner.url}/edge/new/x86_64/same-1.0-r0.apk`)
    expect(Buffer.compare(Buffer.from(await read.arrayBuffer()), winner ?? Buffer.of())).toBe(0)
  })
})
