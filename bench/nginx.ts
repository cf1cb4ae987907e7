// nginx serving files from a folder: what a mirror of plain files would do. Only if it is on PATH.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProcessGroup } from '../test/support/clients/process-group.ts'
import { run } from '../test/support/clients/run.ts'
import { findFreePort } from '../test/support/clients/server.ts'

export interface FileServer {
  readonly url: string
  [Symbol.asyncDispose](): Promise<void>
}

export async function startNginx(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<FileServer | undefined> {
  const program = (await run('which', ['nginx'])).stdout.trim()
  if (program === '') return undefined
  const directory = await mkdtemp(join(tmpdir(), 'cairn-nginx-'))
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes)
  const port = await findFreePort()
  const settings = join(directory, 'nginx.conf')
  await writeFile(settings, configuration(directory, port))
  const arguments_ = ['-p', directory, '-c', settings, '-e', join(directory, 'error.log')]
  const group = startProcessGroup(program, arguments_, { cwd: directory, env: {} })
  await sleep(500)
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      await group.end()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function configuration(directory: string, port: number): string {
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `${user} daemon off; pid ${directory}/pid; worker_processes 1;
events { worker_connections 256; }
http {
  access_log off; sendfile on; keepalive_requests 1000000;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi; uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server { listen 127.0.0.1:${port}; root ${directory}; }
}
`
}
