// The life of a crate on a public owner's registry with the real cargo: publish, use, upgrade, yank.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { Cargo } from './clients/cargo.ts'

describeWith(['cargo'], 'crates with cargo', ({ cargo: path }) => {
  const server = useServer()

  async function prepare() {
    const owner = await createOwner(server(), 'public')
    const url = `${server().url}/api/packages/${owner.name}/cargo`
    const publisher = await Cargo.create(path, { url, token: owner.token })
    return { owner, url, publisher, newUser: () => Cargo.create(path, { url }) }
  }

  const greeter = (version: string, text = version) => ({
    ...{ name: 'Greeter_Lib', version, source: `pub fn greet() -> &'static str { "${text}" }` },
  })
  const program = {
    ...{
      name: 'program',
      main: true,
      source: 'fn main() { println!("{}", Greeter_Lib::greet()) }',
    },
  } as const

  it('publishes, and others use it, exactly and upgraded, as their lock files say', async () => {
    const { publisher, newUser } = await prepare()
    const started = Date.now()
    const said = await publisher.must(
      ['publish', '--registry', 'r'],
      await publisher.write(greeter('1.0.0')),
    )
    expect(said).toMatch(/Uploaded Greeter_Lib v1\.0\.0 to registry `r`/)
    // Cargo looks into the index once a second for a minute: the first look finds it.
    expect(said).toMatch(/Published Greeter_Lib v1\.0\.0 at registry `r`/)
    expect(said).not.toMatch(/warning: timed out/)
    expect(Date.now() - started).toBeLessThan(60_000)

    const user = await newUser()
    const app = await user.write(program)
    await user.must(['add', '--registry', 'r', 'Greeter_Lib'], app)
    expect((await user.run(['run', '-q'], app)).stdout).toBe('1.0.0\n')

    await publisher.publish(greeter('1.1.0'))
    await publisher.publish(greeter('1.10.0-rc.1'))
    await publisher.publish(greeter('1.9.0+build.7'))
    // The lock file holds it, until it is updated.
    expect((await user.run(['run', '-q'], app)).stdout).toBe('1.0.0\n')
    expect(await user.must(['update'], app)).toMatch(
      /Updating Greeter_Lib v1\.0\.0 .* -> v1\.9\.0\+build\.7/,
    )
    expect((await user.run(['run', '-q'], app)).stdout).toBe('1.9.0+build.7\n')

    await user.must(['add', '--registry', 'r', 'Greeter_Lib@=1.1.0'], app)
    expect((await user.run(['run', '-q'], app)).stdout).toBe('1.1.0\n')
    await user.must(['add', '--registry', 'r', 'Greeter_Lib@=1.10.0-rc.1'], app)
    expect((await user.run(['run', '-q'], app)).stdout).toBe('1.10.0-rc.1\n')
    expect(await user.must(['search', '--registry', 'r', 'greeter'])).toMatch(
      /^Greeter_Lib = "1\.9\.0\+build\.7" +# Greets$/m,
    )
    expect(await user.must(['info', '--registry', 'r', 'Greeter_Lib@1.1.0'])).toMatch(
      /version: 1\.1\.0 \(latest 1\.10\.0-rc\.1 from registry `r`\)/,
    )
  })

  it('yanks: nobody chooses it any more, and who has it in a lock file goes on', async () => {
    const { publisher, newUser } = await prepare()
    for (const version of ['1.0.0', '1.1.0']) await publisher.publish(greeter(version))
    const user = await newUser()
    const app = await user.write({ ...program, dependencies: [{ name: 'Greeter_Lib', req: '1' }] })
    const manifest = join(app, 'Cargo.toml')
    const here = (text: string) => text.replace('version = "1"', 'version = "1"\nregistry = "r"')
    await writeFile(manifest, here(await readFile(manifest, 'utf8')))
    expect((await user.run(['run', '-q'], app)).stdout).toBe('1.1.0\n')

    const yank = ['yank', '--registry', 'r', 'Greeter_Lib@1.1.0']
    expect(await publisher.must(yank)).toMatch(/Yank Greeter_Lib@1\.1\.0/)
    await publisher.must(yank)
    const lock = await readFile(join(app, 'Cargo.lock'), 'utf8')
    expect(lock).toContain('version = "1.1.0"')
    const later = await newUser()
    const locked = await later.write(program)
    await writeFile(join(locked, 'Cargo.toml'), await readFile(manifest))
    await writeFile(join(locked, 'Cargo.lock'), lock)
    expect((await later.run(['run', '-q', '--locked'], locked)).stdout).toBe('1.1.0\n')
    const fresh = await newUser()
    const unlocked = await fresh.write(program)
    await writeFile(join(unlocked, 'Cargo.toml'), await readFile(manifest))
    expect((await fresh.run(['run', '-q'], unlocked)).stdout).toBe('1.0.0\n')
    expect(await fresh.must(['search', '--registry', 'r', 'greeter-lib'])).toMatch(/= "1\.0\.0"/)

    expect(await publisher.must([...yank, '--undo'])).toMatch(/Unyank Greeter_Lib@1\.1\.0/)
    expect(await fresh.must(['update'], unlocked)).toMatch(/v1\.0\.0 .* -> v1\.1\.0/)
  })

  it('resolves features, renamed, optional and platform dependencies, and minimal versions of Rust', async () => {
    const { publisher, newUser } = await prepare()
    await publisher.publish({
      ...{ name: 'base', source: '#[cfg(feature = "loud")]\npub const LOUD: bool = true;' },
      lines: ['[features]', 'loud = []'],
    })
    await publisher.publish({ name: 'other' })
    const inRegistry = (name: string, more = '') =>
      `${name} = { version = "1", registry = "r"${more} }`
    await publisher.publish({
      ...{ name: 'middle', source: 'pub use renamed::LOUD;' },
      packageLines: ['rust-version = "1.56"'],
      lines: [
        ...['[dependencies]', inRegistry('renamed', ', package = "base", optional = true')],
        ...["[target.'cfg(any(unix,windows))'.dependencies]", inRegistry('other')],
        ...[
          '[features]',
          'default = ["all"]',
          'all = ["dep:renamed", "renamed?/loud", "renamed/loud"]',
        ],
      ],
    })
    await publisher.publish({
      ...{ name: 'middle', version: '1.1.0', source: 'compile_error!("too new");' },
      packageLines: ['rust-version = "1.999"'],
    })
    const user = await newUser()
    const app = await user.write({
      ...{ name: 'program', main: true, source: 'fn main() { println!("{}", middle::LOUD) }' },
      packageLines: ['rust-version = "1.70"', 'resolver = "3"'],
      lines: ['[dependencies]', inRegistry('middle')],
    })
    const { stdout, stderr } = await user.run(['run', '-q'], app, {
      env: { CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS: 'fallback' },
    })
    expect(`${stdout}${stderr}`).toBe('true\n')
  })
})
