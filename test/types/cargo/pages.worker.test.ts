import { beforeEach, expect, it } from 'vitest'
import { createOwner, send } from '../../support/worker/registry.ts'
import { ask, CRATES, mustPublish } from './client.ts'

beforeEach(() => createOwner())

const page = async (path: string) => {
  const response = await send(path, { headers: { accept: 'text/html' } })
  expect([path, response.status]).toEqual([path, 200])
  return (await response.text()).replace(/\s+/g, ' ')
}

it('the page of a crate has what its manifest says, and lines that use it', async () => {
  await mustPublish(
    { name: 'base' },
    {
      ...{ name: 'Hello_World', version: '1.0.0', description: 'Greets <script>alert(1)</script>' },
      dependencies: [{ name: 'base' }, { name: 'elsewhere', registry: 'https://example.com/i/' }],
      packageLines: ['license = "MIT"', 'homepage = "javascript:alert(2)"'],
    },
    { name: 'Hello_World', version: '1.1.0-rc.1+b.7' },
  )
  const text = await page('/acme/-/packages/cargo/hello-world')
  expect(text).toContain('Hello_World')
  expect(text).toContain('Greets &lt;script&gt;alert(1)&lt;/script&gt;')
  expect(text).not.toMatch(/<script>alert|href="javascript:/)
  expect(text).toContain('cargo add --registry acme Hello_World')
  expect(text).toContain('sparse+https://registry.test/api/packages/acme/cargo/')
  expect(text).toMatch(/href="\/acme\/-\/packages\/cargo\/base"[^>]*>[^<]*base/)
  expect(text).not.toMatch(/href="[^"]*elsewhere/)
  expect(text).toMatch(/<summary>src\/<\/summary>.*?<span>lib\.rs/)
  expect(text).toContain('/api/packages/acme/cargo/api/v1/crates/hello-world/1.0.0/download')
  expect(await page('/acme/-/packages/cargo/base')).toMatch(
    /href="\/acme\/-\/packages\/cargo\/hello-world"[^>]*>hello-world/,
  )
  // A prerelease is not what the lines take.
  expect(text).not.toContain('Hello_World@1.1.0-rc.1')
  for (const version of ['1.1.0-rc.1+b.7', '1.1.0-rc.1']) {
    expect(await page(`/acme/-/packages/cargo/Hello_World/${version}`)).toContain('1.1.0-rc.1+b.7')
  }
})

it('the page shows the version that is chosen, which is none that is yanked', async () => {
  for (const version of ['1.0.0', '1.1.0']) await mustPublish({ name: 'hello', version })
  expect(await page('/acme/-/packages/cargo/hello')).toContain('/hello/1.1.0/download')
  await ask('DELETE', `${CRATES}/hello/1.1.0/yank`)
  expect(await page('/acme/-/packages/cargo/hello')).toContain('/hello/1.0.0/download')
})
