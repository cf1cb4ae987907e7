// A Gitea to compare with, if one is given: GITEA_URL, GITEA_USER and GITEA_TOKEN (which may write
// packages). What is published there stays, in branches of their own.
import { expectOk } from './registry.ts'

export interface Gitea {
  /** A new repository of Alpine packages. */
  readonly repository: string
  publish(bytes: Uint8Array): Promise<void>
}

export function findGitea(): Gitea | undefined {
  const { GITEA_URL: base, GITEA_USER: user, GITEA_TOKEN: token } = process.env
  if (!base || !user || !token) return undefined
  const branch = `bench-${Date.now()}`
  const repository = `${base.replace(/\/$/, '')}/api/packages/${user}/alpine/${branch}/main`
  const headers = { authorization: `Basic ${btoa(`${user}:${token}`)}` }
  return {
    repository,
    async publish(bytes) {
      const request = { method: 'PUT', headers, body: bytes as Uint8Array<ArrayBuffer> }
      await expectOk(fetch(repository, request))
    },
  }
}
