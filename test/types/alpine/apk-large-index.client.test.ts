// An index of many segments, each of which refers to the end of the one before (src/formats/
// segments/context.ts), as the real apk reads it: after publishes at once, and after changes here and there.
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { createApkRoot } from './clients/apk.ts'

const COUNT = 600
const names = Array.from({ length: COUNT }, (_, at) => `package-${String(at).padStart(3, '0')}`)
const OLD = '1.0-r0'
const NEW = '1.1-r0'

/** Compressed pieces in a file: each ends with the empty block of a sync flush. */
async function countPieces(url: string): Promise<number> {
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
  return bytes.toString('latin1').split('\x00\x00\xff\xff').length - 1
}

/** Described at such length that a context is a part of its segment. */
const build = (name: string, version: string) =>
  buildApk({ name, version, info: { pkgdesc: `the one and only ${name} of them all, `.repeat(5) } })

async function publishAll(owner: TestOwner, files: readonly Uint8Array[]): Promise<void> {
  for (let from = 0; from < files.length; from += 32) {
    const group = files.slice(from, from + 32)
    await Promise.all(group.map((file) => owner.mustPublish('edge/main', file)))
  }
}

describeWith(['apk'], 'an index of many segments', ({ apk }) => {
  const server = useServer()

  it('lists what there is, whatever changed and where', async () => {
    const owner = await createOwner(server(), 'public')
    await publishAll(
      owner,
      names.map((name) => build(name, OLD)),
    )
    // Each time as a machine that has no index yet.
    const newRoot = () =>
      createApkRoot(apk, { repositories: [`${owner.url}/edge/main`], keys: [owner.key] })
    const search = async () => {
      const root = await newRoot()
      await root.must(['update'])
      const found = await root.must(['search', '--all', 'package-*'])
      return found.trim().split('\n').sort()
    }
    const listed = new Set(names.map((name) => `${name}-${OLD}`))
    expect(await search()).toEqual([...listed].sort())

    // Signatures, what stands before and after the list, and more than three segments.
    expect(await countPieces(`${owner.url}/edge/main/x86_64/APKINDEX.tar.gz`)).toBeGreaterThan(6)

    // So many that some are what a next segment referred to.
    for (const name of names.filter((_, at) => at % 13 === 5)) {
      expect((await owner.remove(`edge/main/x86_64/${name}-${OLD}.apk`)).status).toBe(204)
      listed.delete(`${name}-${OLD}`)
    }
    expect(await search()).toEqual([...listed].sort())

    for (const at of [0, 100, 200, COUNT - 1]) {
      const name = names[at] ?? ''
      await owner.mustPublish('edge/main', build(name, NEW))
      listed.add(`${name}-${NEW}`)
    }
    expect(await search()).toEqual([...listed].sort())
    const root = await newRoot()
    await root.must(['add', '-U', 'package-200'])
    expect(await root.installed()).toEqual([`package-200-${NEW}`])
  })
})
