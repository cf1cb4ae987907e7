// `node test/support/browser/pictures.ts`: takes the documents' pictures of the pages anew, of a registry
// that it starts and fills itself.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../clients/server.ts'
import { launchChromium } from './chromium.ts'
import { seed } from './seed.ts'

const docs = fileURLToPath(new URL('../../../docs', import.meta.url).href)

const PICTURES = [
  {
    file: 'page-package.png',
    path: '/acme/-/packages/alpine/greet',
    scheme: 'light',
    width: 1280,
    height: 860,
  },
  { file: 'page-owner-dark.png', path: '/acme', scheme: 'dark', width: 1280, height: 640 },
  {
    file: 'page-phone.png',
    path: '/acme/-/packages/alpine/greet',
    scheme: 'light',
    width: 390,
    height: 760,
  },
] as const

await using server = await startServer()
await seed(server)
const browser = await launchChromium()
try {
  for (const { file, path, scheme, width, height } of PICTURES) {
    const page = await browser.newPage({ colorScheme: scheme, viewport: { width, height } })
    await page.goto(`${server.url}${path}`)
    await page.screenshot({ path: join(docs, file) })
    await page.close()
  }
} finally {
  await browser.close()
}
