// Lets one backup at a time write into a folder. Its lock names the process, so that the lock of a process that was
// killed blocks nobody.
import { createHash } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

interface Holder {
  pid: number
  host: string
  started_at: string
}

/** A lock without its text after so long was left by a writer that was killed. */
const writtenMs = 10_000

const lockFile = (root: string) => join(root, 'lock')

/**
 * Locks the folder for this process until it calls `release`.
 * @throws Error while another backup writes into it
 */
export async function lockFolder(root: string): Promise<{ release(): Promise<void> }> {
  const file = lockFile(root)
  const holder: Holder = {
    ...{ pid: process.pid, host: hostname(), started_at: new Date().toISOString() },
  }
  const text = `${JSON.stringify(holder)}\n`
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(file, text, { flag: 'wx', mode: 0o600 })
      return { release: () => rm(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        // On a full disk the file exists without its text, which would keep the next run out.
        await rm(file, { force: true })
        throw error
      }
    }
    const stale = await refuseWhileLocked(root)
    const taken = attempt === 0 && stale !== undefined && (await takeStale(file, stale))
    if (attempt > 0 || (stale !== undefined && !taken)) {
      throw new Error(`another backup into ${root} began just now: call this again`)
    }
  }
}

/**
 * The text of a lock whose process has ended; undefined if there is no lock.
 * @throws Error while a backup writes into the folder; the message names its process
 */
export async function refuseWhileLocked(root: string): Promise<string | undefined> {
  const file = lockFile(root)
  const text = await readText(file)
  if (text === undefined) return undefined
  const holder = parseHolder(text)
  if (holder === undefined) {
    const age = Date.now() - (await stat(file)).mtimeMs
    if (age > writtenMs) return text
    throw new Error('another backup into the folder began just now: call this again')
  }
  const { pid, host, started_at } = holder
  if (host === hostname() && !isAlive(pid)) return text
  throw new Error(
    `a backup that began at ${started_at} writes into the folder: process ${pid} on ${host}. Wait for its end; if it is no backup, or has ended, remove ${file}`,
  )
}

/**
 * Removes a stale lock. Several processes may find it stale. Only the one that creates the file named after the lock's
 * text removes it, and only if the lock still has that text, so nobody removes a newer lock.
 */
async function takeStale(file: string, text: string): Promise<boolean> {
  const taking = `${file}.stale-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
  try {
    await writeFile(taking, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    if ((await readText(file)) === text) await rm(file, { force: true })
  } finally {
    await rm(taking, { force: true })
  }
  return true
}

/** Undefined for a file whose writer was killed while it wrote, or is still writing. */
function parseHolder(text: string): Holder | undefined {
  try {
    const holder: Partial<Holder> | null = JSON.parse(text)
    const { pid, host, started_at } = holder ?? {}
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined
    return { pid, host, started_at: String(started_at) }
  } catch {
    return undefined
  }
}

function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
