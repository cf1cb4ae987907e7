// The address of a Worker's own runtime behind `wrangler dev`, which has a second runtime before it that holds requests
// back while the Worker is built anew. That takes a third of the processor time of a small request and is no part of
// what is compared: neither a deployed Worker nor another server has it.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { runtimeProcesses } from '../test/support/clients/process-costs.ts'
import type { ProcessGroup } from '../test/support/clients/process-group.ts'

interface Running {
  readonly url: string
  readonly group: ProcessGroup
}

/** The address that is asked instead; that of wrangler where there is no /proc to find it by. */
export async function findDirectUrl({ url, group }: Running, path: string): Promise<string> {
  const wanted = await statusOf(`${url}${path}`)
  for (const port of listeningPorts(runtimeProcesses(group))) {
    const direct = `http://127.0.0.1:${port}`
    if (direct !== url && (await statusOf(`${direct}${path}`)) === wanted) return direct
  }
  return url
}

async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
    await response.body?.cancel()
    return response.status
  } catch {
    return 0
  }
}

/** TCP ports of this machine on which one of the processes listens. */
function listeningPorts(pids: readonly number[]): readonly number[] {
  const sockets = new Set(pids.flatMap(socketsOf))
  return readLines('/proc/net/tcp').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    const listens = state === LISTEN && sockets.has(inode)
    return listens ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : []
  })
}

const LISTEN = '0A'

/** But the first, which has titles. */
function readLines(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(1) : []
}

/** Inodes of the sockets that the process has open. */
function socketsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`
  return (existsSync(folder) ? readdirSync(folder) : []).flatMap((descriptor) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(targetOf(`${folder}/${descriptor}`)) ?? []
    return inode === undefined ? [] : [inode]
  })
}

/** Empty for what was closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}
