// The folder outside the checkout where the tests keep the clients they installed. A tool appears
// there complete or not at all: it is made in a folder of its own and renamed into place.
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

export function toolCacheDirectory(): string {
  const { CAIRN_TOOLS, XDG_CACHE_HOME } = process.env
  return CAIRN_TOOLS || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'cairn-tools')
}

/** The folder of that name in the cache, made first if it is not there. */
export async function cachedTool(
  name: string,
  make: (directory: string) => Promise<void>,
): Promise<string> {
  const cache = toolCacheDirectory()
  const target = join(cache, name)
  if (existsSync(target)) return target
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(join(cache, `.making-${name}-`))
  try {
    await chmod(fresh, 0o755)
    await make(fresh)
    await rename(fresh, target)
  } catch (error) {
    // Two runs may make the same tool at once; the first to end wins.
    if (!existsSync(target)) throw error
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return target
}
