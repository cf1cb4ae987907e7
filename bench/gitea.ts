// A Gitea to compare with, if one is given: GITEA_URL, GITEA_USER and GITEA_TOKEN (which may write
// packages). What is published there stays, in branches of their own.
import { put } from './registry.ts'

export interface Gitea {
  /** A new repository of Alpine packages. */
  readonly repository: string
  /** Milliseconds from the start of the PUT to the end of its 201. */
  publish(bytes: Uint8Array): Promise<number>
}

export interface GiteaOwner {
  /** Below it is an address for each type. */
  readonly packages: string
  readonly authorization: string
}

export function findGiteaOwner(): GiteaOwner | undefined {
  const { GITEA_URL: base, GITEA_USER: user, GITEA_TOKEN: token } = process.env
  if (!base || !user || !token) return undefined
  const packages = `${base.replace(/\/$/, '')}/api/packages/${user}`
  return { packages, authorization: `Bearer ${token}` }
}

export function findGitea(): Gitea | undefined {
  const { GITEA_URL: base, GITEA_USER: user, GITEA_TOKEN: token } = process.env
  if (!base || !user || !token) return undefined
  const branch = `bench-${Date.now()}`
  const repository = `${base.replace(/\/$/, '')}/api/packages/${user}/alpine/${branch}/main`
  const authorization = `Basic ${btoa(`${user}:${token}`)}`
  return { repository, publish: (bytes) => put(repository, bytes, authorization) }
}
