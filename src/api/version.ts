// /api/v1/version, which clients of Forgejo's and Gitea's API ask first: theirs refuse a server whose version is lower
// than what they need (code.gitea.io/sdk/gitea, NewClient). So the number is that of the API, and Cairn's own stands
// behind the plus sign, as Forgejo puts Gitea's there.
import { version } from '../../package.json'
import type { Endpoint } from '../http/endpoint.ts'
import { jsonContent, objectSchema, TEXT } from '../http/operation.ts'
import { json } from './json.ts'

/** The oldest Gitea that has every path of packages that this registry serves (routers/api/v1/api.go). */
const API_VERSION = '1.24.0'

const VERSION = `${API_VERSION}+cairn-${version}`

export const versionEndpoint: Endpoint = {
  method: 'GET',
  path: '/api/v1/version',
  access: 'open',
  summary: 'The version of Gitea whose paths of packages are served, and of this registry',
  operation: {
    id: 'getVersion',
    tag: 'deployment',
    description: "Clients of Forgejo's and Gitea's API ask for it before anything else.",
    answers: {
      200: {
        description: 'The version',
        content: jsonContent(
          objectSchema('ServerVersion', {
            version: { ...TEXT, examples: [VERSION] },
          }),
        ),
      },
    },
  },
  handler: async () => json({ version: VERSION }),
}
