declare namespace Cloudflare {
  interface Env {
    readonly DB: D1Database
    readonly BLOBS: R2Bucket
    readonly REPOSITORY: DurableObjectNamespace<
      import('../../src/registries/repository.ts').Repository
    >
    readonly ADMIN_TOKEN: string
    readonly SIGNING_KEY: string
    readonly TEST_MIGRATIONS: D1Migration[]
  }
}
