import { afterEach, expect, it, vi } from 'vitest'
import { openRegistry } from '../../scripts/registry.ts'

// Where the scripts send the admin token.

afterEach(() => vi.unstubAllEnvs())

const open = (url: string, more: Record<string, string> = {}) => {
  for (const [name, value] of Object.entries({ URL: url, TOKEN: 't', ...more }))
    vi.stubEnv(name, value)
  return openRegistry()
}

it.each([
  'https://packages.example.com',
  'http://127.0.0.1:8787',
  'http://localhost:8787/',
  'http://[::1]:8787',
])('is %s', async (url) => {
  expect((await open(url)).url).toBe(url.replace(/\/$/, ''))
})

it.each(['http://packages.example.com', 'http://192.0.2.2:8787', 'http://127.0.0.1.example.com'])(
  'is not %s, unless plain http is allowed',
  async (url) => {
    await expect(open(url)).rejects.toThrow(/^URL is plain http.*write https/)
    expect((await open(url, { PLAIN_HTTP: 'allow' })).url).toBe(url)
  },
)
