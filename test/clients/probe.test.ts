// npm run probe against the local runtime: every assumption holds there, each with its figure.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { run } from '../support/clients/run.ts'
import { useServer } from '../support/clients/use-server.ts'

const script = join(fileURLToPath(new URL('../../', import.meta.url).href), 'scripts/probe.ts')

describeWith([], 'npm run probe', () => {
  const server = useServer()

  it('has a line with a figure for everything that is taken for granted', async () => {
    const env = { URL: server().url, TOKEN: server().adminToken }
    const { code, stdout, stderr } = await run(process.execPath, [script], { env })
    expect(`${code} ${stderr} ${stdout}`).toMatch(/^0 /)
    const lines = stdout.trimEnd().split('\n')
    expect(lines.at(-1)).toMatch(/^all \d+ hold$/)
    expect(lines.length).toBeGreaterThan(25)
    for (const line of lines.slice(0, -1))
      expect(line).toMatch(/^holds {2}.+: .*(\d|kept|left alone|undone|taken)/)
  })

  it('says who does not answer, and who may not ask', async () => {
    const ask = (URL: string, TOKEN: string) =>
      run(process.execPath, [script], { env: { URL, TOKEN } })
    expect(await ask(server().url, 'cairn_wrong')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm run probe: 401: '),
    })
    expect((await ask('http://127.0.0.1:9', 'x')).code).toBe(2)
  })
})
