// The whole README of a version, as text: its page shows the beginning.
import { readReadme } from '../../core/packages/detail.ts'
import type { PackageOverview } from '../../core/packages/overview.ts'
import { ownedEndpoint } from '../../http/endpoint.ts'
import { cacheControl } from '../../http/file-response.ts'
import { PAGE_HEADERS } from '../respond.ts'
import { findPackage } from './package.tsx'
import { absentPackage, absentVersion } from './package-absent.tsx'

export const readmeEndpoint = ownedEndpoint<PackageOverview>({
  method: 'GET',
  path: '/:owner/-/readme/:type/:name/:version',
  access: 'read',
  summary: 'The README of a version, as text',
  resource: findPackage,
  handler: async (call) => {
    const { env, owner, resource } = call
    if (resource === undefined) return absentPackage(call)
    if (resource.versionId === null) return absentVersion(call, resource)
    const readme = await readReadme(env.DB, resource.versionId)
    const headers = {
      ...PAGE_HEADERS,
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': cacheControl(owner.visibility, false),
    }
    return new Response(readme?.text ?? '', { headers, status: readme === undefined ? 404 : 200 })
  },
})
