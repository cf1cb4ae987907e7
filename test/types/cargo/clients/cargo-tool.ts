// Finds the machine's cargo, with the compiler beside it. It is no download of the tests, since no registry of
// packages has it but those of distributions: Debian 12 has `cargo-web`, later ones `cargo`.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../../../support/clients/run.ts'

/** From here on the sparse index is stable. */
const OLDEST = [1, 68] as const

/** Where the shell looks for cargo, then for rustc. CARGO=/path/to/cargo is another one. */
export async function findCargo(): Promise<string> {
  const { CARGO } = process.env
  const { stdout } = await run(CARGO ?? 'cargo', ['--version'], { inheritEnv: true })
  const [, major = 0, minor = 0] = /^cargo (\d+)\.(\d+)/.exec(stdout) ?? []
  if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1])) {
    const needed = `cargo ${OLDEST.join('.')} or newer is needed (in Debian 12: cargo-web)`
    throw new Error(`${needed}: ${stdout.split('\n')[0] || 'it does not say its version'}`)
  }
  // What is on PATH may be rustup's, which looks into a home that the tests do not have.
  const sysroot = await run('rustc', ['--print', 'sysroot'], { inheritEnv: true })
  const folder = join(sysroot.stdout.trim(), 'bin')
  if (!existsSync(join(folder, 'rustc'))) throw new Error(`there is no rustc in ${folder}`)
  if (CARGO !== undefined) return `${dirname(CARGO)}:${folder}`
  if (existsSync(join(folder, 'cargo'))) return folder
  throw new Error(`there is no cargo in ${folder}`)
}
