// Many publishers at once with the real cargo: of one version one wins, and of many crates all.
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { Cargo } from './clients/cargo.ts'

const MANY = 20

describeWith(['cargo'], 'parallel publishers with cargo', ({ cargo: path }) => {
  const server = useServer()

  it('one version has one winner, whose crate it is; of many crates all are published', async () => {
    const owner = await createOwner(server(), 'public')
    const url = `${server().url}/api/packages/${owner.name}/cargo`
    const publishers = await Promise.all(
      Array.from({ length: MANY }, () => Cargo.create(path, { url, token: owner.token })),
    )
    const sources = await Promise.all(
      publishers.map((cargo, at) =>
        cargo.write({ name: 'raced', source: `pub const WON: u8 = ${at};` }),
      ),
    )
    const publish = ['publish', '--registry', 'r', '--no-verify']
    const runs = await Promise.all(publishers.map((cargo, at) => cargo.run(publish, sources[at])))
    const winners = runs.flatMap(({ code }, at) => (code === 0 ? [at] : []))
    expect(winners).toHaveLength(1)
    for (const { code, stderr } of runs) {
      if (code === 0) continue
      expect(stderr).toMatch(
        /the version of raced 1\.0\.0 exists in .*: raise|raced@1\.0\.0 already exists/,
      )
    }
    const own = await Promise.all(publishers.map((cargo, at) => cargo.write({ name: `own-${at}` })))
    const all = await Promise.all(publishers.map((cargo, at) => cargo.run(publish, own[at])))
    expect(all.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(Array(MANY).fill(''))

    const [user] = publishers
    const app = await user?.write({
      ...{ name: 'program', main: true, source: 'fn main() { println!("{}", raced::WON) }' },
      lines: ['[dependencies]', 'raced = { version = "1", registry = "r" }'],
    })
    expect((await user?.run(['run', '-q'], app))?.stdout).toBe(`${winners[0]}\n`)
  })
})
