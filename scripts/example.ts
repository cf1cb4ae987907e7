// `npm run example -- [--name hello] [--version 1.0.0-r0] [--out FILE]`: writes a small package to
// try a registry with, into the folder that the command was given in.
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parsePackageName } from '../src/types/alpine/format/name.ts'
import { parseVersion } from '../src/types/alpine/format/version.ts'
import { buildExamplePackage } from './example-package.ts'
import { reportFailure } from './failure.ts'
import { answerHelp } from './help.ts'

answerHelp(`npm run example -- [--name hello] [--version 1.0.0-r0] [--out FILE]

Writes a small package to try a registry with.`)
try {
  const { values } = parseArgs({
    options: {
      name: { type: 'string', default: 'hello' },
      version: { type: 'string', default: '1.0.0-r0' },
      out: { type: 'string' },
    },
  })
  const name = parsePackageName(values.name)
  const version = parseVersion(values.version)
  // npm runs scripts in the project's folder; the user may be elsewhere.
  const file = resolve(process.env.INIT_CWD ?? '.', values.out ?? `${name}-${version}.apk`)
  await writeFile(file, buildExamplePackage({ name, version }))
  console.log(`wrote ${file}`)
} catch (error) {
  reportFailure('npm run example', error)
}
