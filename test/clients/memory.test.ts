// Memory does not grow with the package: what 90 MB uploads and downloads add to the runtime's
// process, over what it holds after the same requests with small ones.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { curl, uploadArguments } from '../support/clients/curl.ts'
import { describeWith } from '../support/clients/found.ts'
import { buildLargeApk, largeSize } from '../support/clients/large-package.ts'
import {
  canMeasureMemory,
  forgetPeak,
  peakMegabytes,
  residentMegabytes,
  runtimeProcesses,
} from '../support/clients/memory.ts'
import { createOwner } from '../support/clients/registry.ts'
import { temporaryDirectory } from '../support/clients/temporary-directory.ts'
import { useServer } from '../support/clients/use-server.ts'

// The garbage of streaming chunks is collected late; a body that is held whole adds more than this.
const boundMegabytes = 64

describeWith(['curl'], 'memory', ({ curl: program }) => {
  const server = useServer()

  it.skipIf(!canMeasureMemory)('stays low while 90 MB go in and come out', async () => {
    const owner = await createOwner(server(), 'public')
    const directory = await temporaryDirectory()
    const file = join(directory, 'package.apk')
    const url = (name: string) => `${owner.url}/edge/main/x86_64/${name}-1.0-r0.apk`
    const upload = async (name: string, size: number, options: string[] = []) => {
      await writeFile(file, buildLargeApk(name, size))
      const send = uploadArguments(owner.token, file, `${owner.url}/edge/main`)
      expect(await curl(program, [...options, ...send])).toMatchObject({ status: 201 })
    }
    const chunked = ['-H', 'Transfer-Encoding: chunked']
    for (let round = 0; round < 3; round += 1) {
      await upload(`warm-${round}`, 5_000_000)
      await upload(`warm-chunked-${round}`, 8_000_000, chunked)
      expect(await curl(program, [url(`warm-${round}`)])).toMatchObject({ status: 200 })
    }

    const processes = runtimeProcesses(server().group)
    expect(processes.length).toBeGreaterThan(0)
    const measure = async (what: string, action: () => Promise<unknown>): Promise<number> => {
      const before = processes.map((pid) => residentMegabytes(pid))
      for (const pid of processes) forgetPeak(pid)
      await action()
      const growth = processes.map((pid, index) => peakMegabytes(pid) - (before[index] ?? 0))
      console.log(`${what}: idle ${before.join(' and ')} MB, peak +${growth.join(' and +')} MB`)
      return Math.max(...growth)
    }
    const grown = {
      upload: await measure('upload', () => upload('large', largeSize)),
      chunked: await measure('upload in chunks', () => upload('chunks', largeSize, chunked)),
      download: await measure('download', () => curl(program, [url('large')])),
    }
    for (const growth of Object.values(grown)) expect(growth).toBeLessThan(boundMegabytes)
  })
})
