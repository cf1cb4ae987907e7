// Every process of the server killed with SIGKILL in the midst of publishes and removals, and
// started again on what it left: what was answered holds, what was not is there as a whole or not
// at all, and the next publish works. CRASH_SEED=… makes the same choices again.
import { expect, it } from 'vitest'
import { listProcessGroup } from '../support/clients/process-group.ts'
import { createOwner, type TestOwner } from '../support/clients/registry.ts'
import { createServerState, type Server, startServer } from '../support/clients/server.ts'
import { checkHistory } from '../support/linearizability/check.ts'
import { isUnknown } from '../support/linearizability/model.ts'
import { sendTo } from '../support/linearizability/over-http.ts'
import { Random } from '../support/linearizability/random.ts'
import { Recorder, type Send } from '../support/linearizability/workload.ts'
import { buildApkParts } from '../types/alpine/builder.ts'
import { readIndex } from '../types/alpine/index-reader.ts'

const ROUNDS = 6
const PUBLISHERS = 6
const given = process.env.CRASH_SEED
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)

/** What became of a package of the publishers, as far as they were told. */
interface Fate {
  readonly file: string
  readonly bytes: Uint8Array
  readonly identity: string
  state: 'there' | 'gone' | 'never' | 'unknown'
}

it(`${ROUNDS} times: nothing that was answered is lost, and nothing is half there`, async () => {
  const state = await createServerState()
  let server = await startServer(state)
  try {
    const owner = await createOwner(server, 'public')
    const fates: Fate[] = []
    const unknown: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(seed + round)
      const crowd = new Recorder(sendTo(`${owner.url}/edge/crowd-${round}`, owner.token))
      const send = sendTo(`${owner.url}/edge/main`, owner.token)
      const before = fates.length
      const working = Promise.all([
        ...Array.from({ length: PUBLISHERS }, (_, publisher) =>
          publishUntilKilled(send, `p${round}-${publisher}`, random, fates),
        ),
        ...Array.from({ length: 4 }, (_, client) =>
          runUntilKilled(crowd, new Random(seed + 100 * round + client)),
        ),
      ])
      await new Promise((resolve) => setTimeout(resolve, 300 + random.below(900)))
      await kill(server)
      await working
      server = await startServer(state)

      // First, since reading an index that is lost has it written anew.
      await expectSound(server, owner, ['edge/main', `edge/crowd-${round}`])
      crowd.expireUnknown()
      await crowd.readAll()
      const verdict = checkHistory(crowd.history)
      if (!verdict.linearizable) expect.fail(`seed ${seed}, round ${round}: ${verdict.explanation}`)
      await expectFates(send, fates)
      await owner.mustPublish('edge/main', buildApkParts({ name: `next-${round}` }).bytes)
      await owner.remove(`edge/main/x86_64/next-${round}-1.0-r0.apk`)
      const crowdUnknown = crowd.history.filter(({ action }) => isUnknown(action)).length
      const own = fates.slice(before).filter((fate) => fate.state === 'unknown').length
      unknown.push(crowdUnknown + own)
      const happened = settleFates(fates, await listed(send))
      console.info(
        `seed ${seed}, round ${round}: ${fates.length - before} packages, ${own} unknown, ` +
          `${happened} of them there; ${crowd.history.length} operations in the crowd, ` +
          `${crowdUnknown} unknown`,
      )
    }
    // The kills were in the midst of work, or this test shows nothing.
    expect(unknown.filter((count) => count > 0).length).toBeGreaterThan(ROUNDS / 2)
  } finally {
    await server[Symbol.asyncDispose]()
  }
})

async function kill({ group }: Server): Promise<void> {
  process.kill(-group.id, 'SIGKILL')
  await group.end()
  expect(listProcessGroup(group.id)).toEqual([])
}

/** New packages, of which every third is removed again, until no answer comes. */
async function publishUntilKilled(
  send: Send,
  name: string,
  random: Random,
  fates: Fate[],
): Promise<void> {
  for (let count = 0; ; count++) {
    const version = `${count}-r0`
    // Now and then one that takes a while to send, so that some are cut off on the way.
    const files = random.chance(0.3) ? [{ path: 'usr/share/large', content: noise(random) }] : []
    const { bytes, identity } = buildApkParts({ name, version, files })
    const fate: Fate = { file: `${name}-${version}.apk`, bytes, identity, state: 'unknown' }
    fates.push(fate)
    try {
      const published = await send('PUT', '', bytes)
      if (published.status === 201) fate.state = 'there'
      else if (published.status < 500) fate.state = 'never'
      if (fate.state !== 'there' || count % 3 > 0) continue
      fate.state = 'unknown'
      const removed = await send('DELETE', `/x86_64/${fate.file}`)
      if (removed.status === 204) fate.state = 'gone'
      else if (removed.status < 500) fate.state = 'there'
    } catch {
      return
    }
  }
}

/** Runs the client's operations; reads throw when no answer comes, and so end it. */
async function runUntilKilled(recorder: Recorder, random: Random): Promise<void> {
  const silent = () => recorder.history.filter(({ action }) => isUnknown(action)).length > 0
  try {
    while (!silent()) await recorder.runClient(random, 1)
  } catch {
    // The read that found the server gone is not of the history.
  }
}

async function expectFates(send: Send, fates: readonly Fate[]): Promise<void> {
  const index = await listed(send)
  for (const { file, bytes, identity, state } of fates) {
    const got = await send('GET', `/x86_64/${file}`)
    const isListed = index.has(file)
    // Also of the unknown: listed and served, or neither.
    expect(`${file} ${got.status}`).toBe(`${file} ${isListed ? 200 : 404}`)
    if (isListed) {
      expect(index.get(file)).toBe(identity)
      expect(Buffer.compare(got.body, bytes)).toBe(0)
    }
    if (state !== 'unknown')
      expect(`${file} ${state} ${isListed}`).toBe(`${file} ${state} ${state === 'there'}`)
  }
  // And nothing but those.
  const names = new Set(fates.map((fate) => fate.file))
  expect([...index.keys()].filter((file) => !names.has(file))).toEqual([])
}

/** From now on it is known; how many of the unknown are there. */
function settleFates(fates: readonly Fate[], index: ReadonlyMap<string, string>): number {
  const unknown = fates.filter((fate) => fate.state === 'unknown')
  for (const fate of unknown) fate.state = index.has(fate.file) ? 'there' : 'never'
  return unknown.filter((fate) => fate.state === 'there').length
}

/** Identities by file name. */
async function listed(send: Send): Promise<ReadonlyMap<string, string>> {
  const { status, body } = await send('GET', '/x86_64/APKINDEX.tar.gz')
  expect([200, 404]).toContain(status)
  if (status === 404) return new Map()
  return new Map(readIndex(body).entries.map(({ P, V, C = '' }) => [`${P}-${V}.apk`, C]))
}

/** Rows, index files, signatures and objects agree, as the registry's own check sees it. */
async function expectSound(
  { url, adminToken }: Server,
  { name }: TestOwner,
  repositories: readonly string[],
): Promise<void> {
  for (const repository of repositories) {
    const path = `${url}/api/v1/owners/${name}/repositories/alpine/${repository}/check`
    for (let after: string | null | undefined; after !== null; ) {
      const response = await fetch(`${path}${after === undefined ? '' : `?after=${after}`}`, {
        headers: { authorization: `Bearer ${adminToken}` },
      })
      // A kill before the first publish leaves no repository.
      if (response.status === 404) break
      const answer = (await response.json()) as { problems: unknown; next: string | null }
      expect(answer).toMatchObject({ problems: [], changed_meanwhile: false })
      after = answer.next ?? null
    }
  }
}

function noise(random: Random): Uint8Array {
  return Uint8Array.from({ length: 300_000 }, () => random.below(256))
}
