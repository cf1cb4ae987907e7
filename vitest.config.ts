import { generateKeyPairSync } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { plantFaults } from './test/support/plant-faults.ts'

/** PKCS#8 in PEM. 2048 bits, since making 4096 takes a second. */
function makeSigningKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Those in the kind's own folder, and those of package types, which lie beside each other by type. */
function testsOf(folder: string, suffix = folder): string[] {
  return [`test/${folder}/**/*.test.ts`, `test/types/**/*.${suffix}.test.ts`]
}

/** Files at once: one more than there are cores, since each waits part of the time for what it started. */
const maxWorkers = Math.min(availableParallelism(), 7) + 1

/**
 * All kinds share the places. What takes long goes first and the many short files of `unit` last, so that no
 * core is idle in the end. Files of a kind stay together, since those of `worker` and `unit` pass their
 * runtime on.
 */
class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification) =>
      2 * KINDS.indexOf(project.name) + (LONG.test(moduleId) ? 0 : 1)
    // By what they took the last time, or by size, where nobody knows.
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => place(a) - place(b))
  }
}

const KINDS = ['browser', 'clients', 'worker', 'unit']

/** Those that take half a minute, which their size does not tell. */
const LONG =
  /\/(accessibility|backup-full-disk|clients|crash|document-history|faults|history|judge|judge-bombs|memory|guide|restore-cut|schemathesis|start)\./

// Four kinds of test, by what they need: `unit` nothing, `worker` the real runtime with its
// simulators of R2, D1 and Durable Objects, `clients` a running server and the real clients, `browser`
// a running server and Chromium. Timeouts end what hangs; on a busy machine a test takes what it takes.
export default defineConfig(async () => {
  const migrations = await readD1Migrations('./migrations')
  return {
    test: {
      sequence: { sequencer: Sequencer },
      projects: [
        {
          test: {
            name: 'unit',
            include: testsOf('unit'),
            isolate: false,
            maxWorkers,
            testTimeout: 60_000,
          },
        },
        {
          plugins: [
            ...(process.env.VITE_PLANTED_FAULTS ? [plantFaults()] : []),
            cloudflareTest({
              main: './test/support/worker/entry.ts',
              wrangler: { configPath: './wrangler.toml' },
              miniflare: {
                bindings: {
                  TEST_MIGRATIONS: migrations,
                  ADMIN_TOKEN: 'admin-token-of-the-tests',
                  PLAIN_HTTP: 'allow',
                  // Else what a test removes may be answered on, and its name takes other bytes only later.
                  REMEMBER_SECONDS: 0,
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
            isolate: false,
            maxWorkers,
            testTimeout: 300_000,
          },
        },
        {
          test: {
            name: 'clients',
            include: testsOf('clients', 'client'),
            globalSetup: [
              './test/support/client-tools.ts',
              './test/support/clients/shared-server.ts',
            ],
            maxWorkers,
            testTimeout: 300_000,
            hookTimeout: 600_000,
          },
        },
        {
          test: {
            name: 'browser',
            include: testsOf('browser'),
            globalSetup: ['./test/support/client-tools.ts', './test/support/browser/setup.ts'],
            maxWorkers,
            testTimeout: 120_000,
            hookTimeout: 120_000,
          },
        },
      ],
    },
  }
})
