// The API against its own document: no 5xx, no status, content type or body that the document does not
// have, no bad input taken and no good input refused, no endpoint that forgets to ask who it is.
import { beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { runSchemathesis } from '../support/clients/schemathesis.ts'
import { liftFailureLimit } from '../support/clients/server.ts'
import { useOwnServer } from '../support/clients/use-server.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { buildPublish } from '../types/cargo/builder.ts'

describeWith(['schemathesis'], 'the API', ({ schemathesis }) => {
  // It tries wrong credentials on every operation: more in a minute than a guesser may.
  const server = useOwnServer(liftFailureLimit)

  beforeAll(async () => {
    const { url, adminToken } = server()
    const headers = { authorization: `Bearer ${adminToken}` }
    for (const owner of ['acme', 'spare']) {
      const settings = JSON.stringify({ visibility: 'public' })
      await fetch(`${url}/api/v1/owners/${owner}`, { method: 'PUT', headers, body: settings })
      const repository = `${url}/api/packages/${owner}/alpine/edge/main`
      for (const spec of [
        { name: 'hello' },
        { name: 'hello', arch: 'noarch', version: '2.0-r0' },
      ]) {
        const answer = await fetch(repository, { method: 'PUT', headers, body: buildApk(spec) })
        expect(answer.status).toBe(201)
      }
      const crates = `${url}/api/packages/${owner}/cargo/api/v1/crates/new`
      const body = buildPublish({ name: 'hello' })
      expect((await fetch(crates, { method: 'PUT', headers, body })).status).toBe(200)
    }
  })

  it.each([
    ['nobody', () => undefined],
    ['the deployment admin', () => server().adminToken],
  ])('answers %s as its document says', async (_, token) => {
    const { code, output, report } = await runSchemathesis(schemathesis, server().url, token())
    expect(code, output).toBe(0)
    expect(report.operations.total).toBeGreaterThan(20)
    expect(report.operations).toMatchObject({ tested: report.operations.total, skipped: 0 })
    expect(report.test_cases).toMatchObject({ with_failures: 0 })
    expect(report.test_cases.generated).toBeGreaterThan(300)
  })
})
