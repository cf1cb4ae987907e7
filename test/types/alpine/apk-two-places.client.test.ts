// The real apk at two places of the edge, each with what it remembers itself. An index is always the database's
// newest; a package may be answered by its place alone. (apk 3; no apk 2 is packaged for the tests.)
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { startProxy } from '../../support/clients/proxy.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { placesOf, prepareTwoPlaces } from '../../support/clients/two-places.ts'
import { useOwnServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { type ApkRoot, createApkRoot } from './clients/apk.ts'

const BOUND_MS = 5000
/** What clocks of places may differ by; a removed package may be answered so much longer. */
const CLOCK_ERROR_MS = 5000
const PATH = 'edge/main/x86_64/hello-1.0-r0.apk'
const GREETING = 'etc/greeting'
const ABSENT = /no such package/

const hello = (content: string) =>
  buildApk({ name: 'hello', version: '1.0-r0', files: [{ path: GREETING, content }] })

describeWith(['apk'], 'two places', ({ apk }) => {
  const server = useOwnServer((state) => prepareTwoPlaces(state, BOUND_MS / 1000))
  const urlAt = (owner: TestOwner, place: 0 | 1) =>
    owner.url.replace(server().url, placesOf(server())[place])
  const rootAt = (owner: TestOwner, url: string) =>
    createApkRoot(apk, { repositories: [`${url}/edge/main`], keys: [owner.key] })
  const published = async (content: string) => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', hello(content))
    return owner
  }

  /** A new root's install, and what it got. */
  async function install(owner: TestOwner, url: string): Promise<string> {
    const root = await rootAt(owner, url)
    await root.must(['add', '-U', 'hello'])
    return root.read(GREETING)
  }

  async function ask(owner: TestOwner, place: 0 | 1) {
    const response = await fetch(`${urlAt(owner, place)}/${PATH}`)
    await response.arrayBuffer()
    const near = response.headers.get('server-timing')?.startsWith('near') ?? false
    return { status: response.status, near }
  }

  /** Until the place answers for the package by itself. */
  async function warm(owner: TestOwner, place: 0 | 1): Promise<void> {
    await expect
      .poll(() => ask(owner, place), { timeout: BOUND_MS })
      .toEqual({ status: 200, near: true })
  }

  /** What the place remembers counts from now on, since it asks the database for an index. */
  async function renew(owner: TestOwner, place: 0 | 1): Promise<void> {
    const response = await fetch(`${urlAt(owner, place)}/edge/main/x86_64/APKINDEX.tar.gz`)
    await response.arrayBuffer()
    expect(response.status).toBe(200)
  }

  it('install what was published at one of them, each from the first request on', async () => {
    const owner = await published('first')
    expect(await install(owner, urlAt(owner, 1))).toBe('first')
    expect(await install(owner, urlAt(owner, 0))).toBe('first')
    await warm(owner, 1)
    expect(await install(owner, urlAt(owner, 1))).toBe('first')
    await owner.mustPublish('edge/main', buildApk({ name: 'other' }))
    const root = await rootAt(owner, urlAt(owner, 1))
    await root.must(['add', '-U', 'hello', 'other'])
  })

  it('see a removal: at once where it was asked, elsewhere in the index at once and of the file in time', async () => {
    const owner = await published('first')
    const late = await rootAt(owner, urlAt(owner, 1))
    await late.must(['update'])
    for (const place of [0, 1] as const) await warm(owner, place)
    await renew(owner, 1)
    const removed = Date.now()
    expect((await owner.remove(PATH)).status).toBe(204)
    expect(await ask(owner, 0)).toEqual({ status: 404, near: false })
    // Its index is from before the removal, and its place remembers the file.
    expect(await ask(owner, 1)).toEqual({ status: 200, near: true })
    await late.must(['add', 'hello'])
    expect(await late.read(GREETING)).toBe('first')
    await expect
      .poll(() => ask(owner, 1), { timeout: BOUND_MS + CLOCK_ERROR_MS, interval: 100 })
      .toEqual({ status: 404, near: false })
    expect(Date.now() - removed).toBeLessThan(BOUND_MS + CLOCK_ERROR_MS)
    for (const place of [0, 1] as const) {
      const root = await rootAt(owner, urlAt(owner, place))
      expect(said(await root.run(['add', '-U', 'hello']))).toMatch(ABSENT)
    }
  })

  it('never give old bytes under a new index, to a client that wanders between them neither', async () => {
    const owner = await published('first')
    // The index from one place, packages from the other one, whose memory is the older for it.
    const [here, there] = placesOf(server())
    await using proxy = await startProxy((path) => (path.endsWith('.tar.gz') ? here : there))
    const wandering = owner.url.replace(server().url, proxy.url)
    expect(await install(owner, wandering)).toBe('first')
    await warm(owner, 1)
    await renew(owner, 1)
    expect((await owner.remove(PATH)).status).toBe(204)
    const removed = Date.now()
    let replaced = 0
    const publish = owner.mustPublish('edge/main', hello('second')).then(() => {
      replaced = Date.now()
    })
    const seen = new Set<string>()
    while (replaced === 0 || Date.now() < replaced + BOUND_MS) {
      const began = Date.now()
      const root = await rootAt(owner, wandering)
      const finished = await root.run(['add', '-U', 'hello'])
      const got = finished.code === 0 ? await root.read(GREETING) : said(finished)
      if (finished.code !== 0) expect(got).toMatch(ABSENT)
      if (replaced !== 0 && began >= replaced) expect(got).toBe('second')
      seen.add(finished.code === 0 ? got : 'absent')
      // So that its place goes on to remember what it may.
      await ask(owner, 1)
      await sleep(50)
    }
    await publish
    expect(replaced - removed).toBeGreaterThanOrEqual(BOUND_MS + CLOCK_ERROR_MS - 500)
    expect(seen).toEqual(new Set(['absent', 'second']))
  })
})

function said({ stdout, stderr }: Awaited<ReturnType<ApkRoot['run']>>): string {
  return stdout + stderr
}
