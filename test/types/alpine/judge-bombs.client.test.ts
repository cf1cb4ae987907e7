// What the dearest input costs a running server: at most 10 s of its processor time and 40 MB over idle.
// The heap grows with garbage, by more for an ordinary upload than for any of these, and when it is
// collected is the engine's choice. So ordinary uploads come first, which give the heap its size. Then each input is sent
// once, and again where that took too much: the least that a sending took is what the input needs, since whatever
// holds or unpacks it as a whole needs it every time.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { curl, uploadArguments } from '../../support/clients/curl.ts'
import { describeWith } from '../../support/clients/found.ts'
import {
  canMeasure,
  cpuSeconds,
  forgetPeak,
  peakMegabytes,
  residentMegabytes,
  runtimeProcesses,
} from '../../support/clients/process-costs.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useOwnServer } from '../../support/clients/use-server.ts'
import { bombBytes, bombs } from './judge-bombs.ts'
import { buildLargeApk } from './large-package.ts'

const boundSeconds = 10
const boundMegabytes = 40
/** Of one input at most; most inputs need one. */
const sendings = 5

function isCheap(grown: readonly number[], took: readonly number[]): boolean {
  return Math.min(...grown) < boundMegabytes && Math.min(...took) < boundSeconds
}

/** Where no process can be measured, the clock has to do. */
function spent(processes: readonly number[]): number {
  if (processes.length === 0) return performance.now() / 1000
  return processes.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
}

describeWith(['curl'], 'a bomb', ({ curl: program }) => {
  const server = useOwnServer()

  async function send(bytes: Uint8Array) {
    const owner = await createOwner(server(), 'public')
    const file = join(await temporaryDirectory(), 'package.apk')
    await writeFile(file, bytes)
    const processes = canMeasure ? runtimeProcesses(server().group) : []
    const idle = processes.map((pid) => residentMegabytes(pid))
    for (const pid of processes) forgetPeak(pid)
    const before = spent(processes)
    const answer = await curl(program, uploadArguments(owner.token, file, `${owner.url}/edge/main`))
    const seconds = spent(processes) - before
    const growth = processes.map((pid, index) => peakMegabytes(pid) - (idle[index] ?? 0))
    return { owner, answer, seconds, megabytes: Math.max(0, ...growth) }
  }

  it('is measured when the heap has the size that ordinary uploads give it', async () => {
    const ordinary = buildLargeApk('large', bombBytes)
    for (let round = 0; round < 3; round += 1) {
      const { answer, seconds, megabytes } = await send(ordinary)
      expect(answer.status).toBe(201)
      console.log(`ordinary upload: ${seconds.toFixed(1)} s, +${megabytes} MB`)
    }
  })

  for (const [title, [make, says]] of Object.entries(bombs))
    it(`${title} is cheap`, async () => {
      const bytes = make()
      // Making it took long, and the connections that the server closed since have to be noticed.
      await sleep(100)
      const grown: number[] = []
      const took: number[] = []
      do {
        const { owner, answer, seconds, megabytes } = await send(bytes)
        grown.push(megabytes)
        took.push(seconds)
        const sent = (bytes.length / 1e6).toFixed(1)
        console.log(`${title}: ${sent} MB sent, ${seconds.toFixed(1)} s, +${megabytes} MB`)
        expect(`${answer.status} ${answer.text}`).toMatch(says)
        if (answer.status !== 201)
          expect((await owner.get('edge/main/x86_64/APKINDEX.tar.gz')).status).toBe(404)
      } while (!isCheap(grown, took) && took.length < sendings)
      expect(Math.min(...grown), `MB: ${grown.join(', ')}`).toBeLessThan(boundMegabytes)
      expect(Math.min(...took), `seconds: ${took.join(', ')}`).toBeLessThan(boundSeconds)
    })

  it('leaves a server that serves', async () => {
    const { answer } = await send(buildLargeApk('small', 1000))
    expect(answer.status).toBe(201)
  })
})
