// apk as the judge of what is refused and what is taken: nothing is refused that apk installs
// cleanly, but for the safety rules that the table names, and nothing is taken that it does not.
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { badPackages, goodPackages, make } from './bad-packages.ts'
import { createApkRoot } from './clients/apk.ts'
import { judge } from './judge-repository.ts'

describeWith(['apk'], 'what is refused', ({ apk }) => {
  for (const bad of badPackages) {
    const title = bad.apk === 'chokes' ? 'chokes apk' : 'is refused although apk installs it'
    it(`${bad.title} ${title}`, async () => {
      const { outcome, listedBy, said } = await judge(apk, make(bad))
      if (process.env.JUDGE) console.log(`${bad.title} | ${outcome} | ${listedBy} | ${said}`)
      if (bad.apk === 'chokes') expect(outcome, said).not.toBe('installs')
      else expect(outcome, said).toBe('installs')
    })
  }
})

describeWith(['apk'], 'what is taken', ({ apk }) => {
  const server = useServer()

  for (const good of goodPackages) {
    it(`${good.title} installs`, async () => {
      const owner = await createOwner(server(), 'public')
      await owner.mustPublish('edge/main', make(good).bytes)
      const repositories = [`${owner.url}/edge/main`]
      const root = await createApkRoot(apk, { repositories, keys: [owner.key] })
      const { code, stdout, stderr } = await root.run(['add', '-U', good.spec.name ?? 'hello'])
      expect(`${code} ${stdout}${stderr}`).toMatch(/^0 /)
      expect(stdout + stderr).not.toMatch(/ERROR|WARNING/)
      await runOrThrow('ls', ['-d', `${root.directory}/${good.path ?? 'usr/bin/hello'}`])
    })
  }
})
