// What is taken is the same to GNU tar and to Python's tarfile as to this registry: what another
// reader sees in a package was checked. (apko reads by Go's archive/tar; it installs some of them in
// its own tests.)
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import type { ContentEntry } from '../../../src/formats/content-list.ts'
import { inspectPackage, packageLimits } from '../../../src/types/alpine/format/package.ts'
import { describeWith } from '../../support/clients/found.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { chunked } from '../../unit/formats/streams.ts'
import { goodPackages, make } from './bad-packages.ts'

const python = `
import json, sys, tarfile
kinds = {b'0': 'file', b'1': 'hardlink', b'2': 'symlink', b'5': 'directory'}
print(json.dumps([
  [m.name, kinds[m.type], m.size if m.isreg() else 0, m.linkname] for m in tarfile.open(sys.argv[1])
]))`

// Schemathesis is there where Python is.
describeWith(['apk', 'schemathesis'], 'the data segment, read by others', () => {
  for (const good of goodPackages)
    it(good.title, async () => {
      const built = make(good)
      const entries: ContentEntry[] = []
      const take = (entry: ContentEntry) => entries.push(entry)
      await inspectPackage(chunked(built.bytes), packageLimits, 0, take)
      const file = join(await temporaryDirectory(), 'data.tar')
      await writeFile(file, gunzipSync(built.data))

      const listed: [string, string, number, string][] = JSON.parse(
        await runOrThrow('python3', ['-c', python, file]),
      )
      const visible = listed.filter(([path]) => !path.startsWith('.'))
      expect(visible).toEqual(
        entries.map(({ path, type, size = 0, target = '' }) => [path, type, size, target]),
      )

      const names = await runOrThrow('tar', ['--list', '--quoting-style=literal', '--file', file])
      const paths = names.split('\n').map((name) => name.replace(/\/$/, ''))
      expect(paths.filter((path) => path !== '' && !path.startsWith('.'))).toEqual(
        entries.map(({ path }) => path),
      )
    })
})
