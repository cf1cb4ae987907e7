// `npm run probe`: asks a deployed registry to test the code's assumptions about the platform, and tests
// those that only a client can see (docs/probe.md). Prints a line with a figure for each assumption. Ends
// with 1 if one of them does not hold. It leaves nothing behind.
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { reportFailure } from './failure.ts'
import { answerHelp, WHICH_REGISTRY } from './help.ts'
import { openRegistry, type Registry } from './registry.ts'

interface Finding {
  assumption: string
  holds: boolean
  found: string
}

const path = '/api/v1/deployment/probe'
const parts = ['database', 'store', 'object', 'cache', 'limiter'] as const
const rounds = { few: 0, many: 20 }
const requests = 10

async function probe(registry: Registry): Promise<Finding[]> {
  const findings = await probeClient(registry)
  for (const part of parts) findings.push(...(await ask(registry, part)))
  findings.push(await probeComputation(registry))
  return findings
}

async function ask(registry: Registry, part: string): Promise<Finding[]> {
  const { findings } = await registry.ask<{ findings: Finding[] }>(`${path}/${part}`, {
    method: 'POST',
  })
  return findings
}

/** Tests assumptions that a Worker cannot test by itself. */
async function probeClient({ url }: Registry): Promise<Finding[]> {
  const refused = await head(`${url}/api/v1/owners`)
  const missing = await head(`${url}/api/packages/probe/alpine/none.rsa.pub`)
  const times: number[] = []
  for (let count = 0; count < requests; count++) {
    const begun = performance.now()
    await head(`${url}/api/packages/probe/alpine/key`)
    times.push(performance.now() - begun)
  }
  times.sort((a, b) => a - b)
  const [median = 0, longest = 0] = [times[requests >> 1], times.at(-1)]
  const key = await head(`${url}/api/packages/probe/alpine/key`, { 'accept-encoding': 'gzip, br' })
  return [
    {
      // apk shows the phrase and not the text. HTTP/2 has no phrase, but apk speaks HTTP/1.1.
      assumption: 'Refusals have a reason phrase, which apk shows',
      holds: refused.phrase !== '' && missing.phrase !== '',
      found: `${refused.status} ${refused.phrase}, ${missing.status} ${missing.phrase}`,
    },
    {
      assumption: 'A challenge and a 404 arrive as they were sent',
      holds:
        refused.status === 401 && 'www-authenticate' in refused.headers && missing.status === 404,
      found: `${refused.status} with ${refused.headers['www-authenticate'] ?? 'no challenge'}`,
    },
    {
      assumption: 'The length of a file arrives, and nothing between compresses it',
      holds: key.headers['content-length'] !== undefined && !('content-encoding' in key.headers),
      found: `Content-Length ${key.headers['content-length'] ?? 'missing'}, Content-Encoding ${key.headers['content-encoding'] ?? 'none'}`,
    },
    {
      assumption: 'The registry answers from here',
      holds: key.status === 200,
      found: `${median.toFixed(0)} ms in the median, ${longest.toFixed(0)} ms at most, of ${requests}, each with one statement`,
    },
  ]
}

interface Head {
  status: number
  phrase: string
  headers: Record<string, string | string[] | undefined>
}

/** Sends a request over HTTP/1.1, as apk does, without credentials. */
function head(address: string, headers: Record<string, string> = {}): Promise<Head> {
  const { promise, resolve, reject } = Promise.withResolvers<Head>()
  const send = address.startsWith('https:') ? requestHttps : requestHttp
  const sent = send(address, { method: 'GET', headers }, (response) => {
    response.resume()
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        phrase: response.statusMessage ?? '',
        headers: response.headers,
      }),
    )
  })
  sent.on('error', reject)
  sent.end()
  return promise
}

/** Measures from here the difference between many rounds and none: a Worker's clock stands still while it computes. */
async function probeComputation(registry: Registry): Promise<Finding> {
  const measure = async (count: number) => {
    const begun = performance.now()
    const { findings } = await registry.ask<{ findings: Finding[] }>(
      `${path}/computation?rounds=${count}`,
      { method: 'POST' },
    )
    return { ms: performance.now() - begun, holds: findings.every((finding) => finding.holds) }
  }
  await measure(rounds.few)
  const nothing = await measure(rounds.few)
  const much = await measure(rounds.many)
  const each = (much.ms - nothing.ms) / rounds.many
  return {
    assumption: 'A Worker has time for the digests of an upload',
    holds: much.holds,
    found: `${each.toFixed(1)} ms for 4 MiB with four digests and two signatures`,
  }
}

answerHelp(`npm run probe

Asks a deployed registry to test its code's assumptions about the platform. It leaves nothing behind.
${WHICH_REGISTRY}`)
if (process.argv.length > 2) {
  console.error('usage: npm run probe')
  process.exit(2)
}
try {
  const findings = await probe(await openRegistry())
  for (const { assumption, holds, found } of findings) {
    console.log(`${holds ? 'holds ' : 'FAILS '} ${assumption}: ${found}`)
  }
  const failed = findings.filter(({ holds }) => !holds).length
  console.log(
    failed === 0 ? `all ${findings.length} hold` : `${failed} of ${findings.length} do not hold`,
  )
  process.exitCode = failed === 0 ? 0 : 1
} catch (error) {
  reportFailure('npm run probe', error)
  process.exitCode = 2
}
