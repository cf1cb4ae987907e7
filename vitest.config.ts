import { generateKeyPairSync } from 'node:crypto'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/** PKCS#8 in PEM. 2048 bits, since making 4096 takes a second. */
function makeSigningKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Those in the kind's own folder, and those of package types, which lie beside each other by type. */
function testsOf(folder: string, suffix = folder): string[] {
  return [`test/${folder}/**/*.test.ts`, `test/types/**/*.${suffix}.test.ts`]
}

// Four kinds of test, by what they need: `unit` nothing, `worker` the real runtime with its
// simulators of R2, D1 and Durable Objects, `clients` a running server and the real clients, `browser`
// a running server and Chromium.
export default defineConfig(async () => {
  const migrations = await readD1Migrations('./migrations')
  return {
    test: {
      projects: [
        { test: { name: 'unit', include: testsOf('unit'), testTimeout: 20_000 } },
        {
          plugins: [
            cloudflareTest({
              main: './test/support/worker/entry.ts',
              wrangler: { configPath: './wrangler.toml' },
              miniflare: {
                bindings: {
                  TEST_MIGRATIONS: migrations,
                  ADMIN_TOKEN: 'admin-token-of-the-tests',
                  SIGNING_KEY: makeSigningKey(),
                  OTHER_SIGNING_KEY: makeSigningKey(),
                },
              },
            }),
          ],
          test: {
            name: 'worker',
            include: testsOf('worker'),
            setupFiles: ['./test/support/worker/setup.ts'],
            testTimeout: 60_000,
          },
        },
        {
          test: {
            name: 'clients',
            include: testsOf('clients', 'client'),
            globalSetup: ['./test/support/client-tools.ts'],
            fileParallelism: false,
            testTimeout: 180_000,
            hookTimeout: 600_000,
          },
        },
        {
          test: {
            name: 'browser',
            include: testsOf('browser'),
            globalSetup: ['./test/support/client-tools.ts', './test/support/browser/setup.ts'],
            fileParallelism: false,
            testTimeout: 60_000,
            hookTimeout: 120_000,
          },
        },
      ],
    },
  }
})
