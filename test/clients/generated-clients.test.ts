// Clients that generators make of the API's document, as somebody would who has nothing else: they publish bytes, list
// what is there, download the same bytes, and are told what is not there.
import { expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { runPythonClient, runTypescriptClient } from '../support/clients/generators/generators.ts'
import { createOwner } from '../support/clients/registry.ts'
import { temporaryDirectory } from '../support/clients/temporary-directory.ts'
import { useServer } from '../support/clients/use-server.ts'

describeWith(['openapiTypescript', 'openapiPython'], 'a client that is generated', (clients) => {
  const server = useServer()

  it.each([
    ['TypeScript', runTypescriptClient, clients.openapiTypescript],
    ['Python', runPythonClient, clients.openapiPython],
  ] as const)('for %s publishes, lists and downloads', async (_, runClient, tool) => {
    const { url } = server()
    const owner = await createOwner(server(), 'private')
    const document = await (await fetch(`${url}/api/v1/openapi.json`)).text()
    const args = [url, owner.token, owner.name]
    const said = await runClient(tool, await temporaryDirectory(), document, args)
    expect(JSON.parse(said)).toEqual({
      published: 201,
      listed: [[owner.name, 'tool', '1']],
      read: [0, 255, 128, 10],
      absent: 'not-found',
    })
  })
})
