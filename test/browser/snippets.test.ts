// What the pages give people to copy, taken by the button and the clipboard, and run as it stands on an
// Alpine of its own.
import { expect, it } from 'vitest'
import { describeInBrowser } from '../support/browser/use-browser.ts'
import { describeWith } from '../support/clients/found.ts'
import { createAlpine } from '../support/start/alpine.ts'

describeWith(['apk'], 'the lines on a page', ({ apk }) =>
  describeInBrowser('copied from the browser', ({ open }) => {
    for (const [group, title] of [
      ['One line', 'Add the repository'],
      ['Alpine', 'Step by step'],
    ] as const)
      it(`install the package: ${group}`, async () => {
        const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] })
        await page.goto('/acme/-/packages/alpine/greet-data')
        await page.locator('.tabs > label').getByText(group, { exact: true }).click()
        const button = { name: `Copy ${group}: ${title}` }
        await page.getByRole('button', button).click()
        const copied = await page.evaluate<string>('navigator.clipboard.readText()')
        expect(copied).toContain('apk add greet-data')
        await using alpine = await createAlpine(apk)
        const { code, stdout, stderr } = await alpine.run(copied)
        expect({ code, stderr }).toMatchObject({ code: 0 })
        expect(stdout).toMatch(/Installing greet-data \(1\.5\.2-r1\)/)
        expect((await alpine.run('cat /usr/share/greet/names')).stdout).toBe('Ada\n')
      })
  }),
)
