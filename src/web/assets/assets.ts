// The one style and the one script of all pages. Their names carry a digest of their content, so that
// browsers keep them for good and a new version is never mixed with an old page.
import { sha256 } from '../../core/digests.ts'
import type { Call, Endpoint } from '../../http/endpoint.ts'
import script from './page.client.js'
import style from './style.css'
import uploadScript from './upload.client.js'

interface Asset {
  readonly path: string
  readonly text: string
  readonly contentType: string
}

function assetOf(text: string, extension: string, contentType: string): Asset {
  return { path: `/-/assets/${sha256(text).slice(0, 16)}.${extension}`, text, contentType }
}

const STYLE = assetOf(style, 'css', 'text/css; charset=utf-8')
const SCRIPT = assetOf(`${script}\n${uploadScript}`, 'js', 'text/javascript; charset=utf-8')

export const stylePath = STYLE.path
export const scriptPath = SCRIPT.path

export const assetEndpoints: readonly Endpoint[] = [
  assetEndpoint('css', STYLE, 'The style of the pages'),
  assetEndpoint('js', SCRIPT, 'The script of the pages, which work without it'),
]

function assetEndpoint(extension: string, asset: Asset, summary: string): Endpoint {
  return {
    method: 'GET',
    path: `/-/assets/:digest{[0-9a-f]+\\.${extension}}`,
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
