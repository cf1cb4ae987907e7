// The one style and the one script of all pages. Their names carry a digest of their content, so that
// browsers keep them for good and a new version is never mixed with an old page.
import { sha256 } from '../../core/digests.ts'
import type { Call, Endpoint } from '../../http/endpoint.ts'
import script from './page.client.js'
import style from './style.css'
import uploadScript from './upload.client.js'

class Asset {
  readonly extension: string
  readonly contentType: string
  readonly text: string
  #path: string | undefined

  constructor(extension: string, contentType: string, text: string) {
    this.extension = extension
    this.contentType = contentType
    this.text = text
  }

  /** Computed by the first page and not at start-up, which most requests to a new isolate wait for. */
  get path(): string {
    this.#path ??= `/-/assets/${sha256(this.text).slice(0, 16)}.${this.extension}`
    return this.#path
  }
}

export const STYLE = new Asset('css', 'text/css; charset=utf-8', style)
export const SCRIPT = new Asset(
  'js',
  'text/javascript; charset=utf-8',
  `${script}\n${uploadScript}`,
)

export const assetEndpoints: readonly Endpoint[] = [
  assetEndpoint(STYLE, 'The style of the pages'),
  assetEndpoint(SCRIPT, 'The script of the pages, which work without it'),
]

function assetEndpoint(asset: Asset, summary: string): Endpoint {
  return {
    method: 'GET',
    path: `/-/assets/:digest{[0-9a-f]+\\.${asset.extension}}`,
    access: 'open',
    summary,
    handler: async (call) => assetResponse(call, asset),
  }
}

/** A page of another version, of before or after a deployment, gets what there is, to keep for now. */
function assetResponse({ url }: Call, { path, text, contentType }: Asset): Response {
  const immutable = url.pathname === path
  return new Response(text, {
    headers: {
      'content-type': contentType,
      'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-store',
    },
  })
}
