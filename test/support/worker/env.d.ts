declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import('./worker-entry.ts')
    durableNamespaces: 'Repository'
  }
  interface Env {
    readonly DB: D1Database
    readonly BLOBS: R2Bucket
    readonly REPOSITORY: DurableObjectNamespace<
      import('../../../src/repository/object.ts').Repository
    >
    readonly WRONG_CREDENTIALS: RateLimit
    readonly READERS: RateLimit
    readonly DOCUMENT_READERS: RateLimit
    readonly ADMIN_TOKEN: string
    readonly SIGNING_KEY: string
    readonly PLAIN_HTTP: string
    /** A second key for rotations; no binding of the Worker's own. */
    readonly OTHER_SIGNING_KEY: string
    readonly TEST_MIGRATIONS: import('cloudflare:test').D1Migration[]
  }
}
