// Builds a small Alpine package (format v2, noarch) with one program, as `npm run example` writes
// it. Three things in it surprise: the control archive has no end blocks, every file carries its
// SHA-1, and every folder on the way to a file has an entry.
import { createHash } from 'node:crypto'
import { gzipSync } from 'fflate'
import { formatTarHeader, tarEnd, tarPadding } from '../src/formats/archive/tar-writer.ts'
import { concatBytes, encodeUtf8 } from '../src/formats/bytes.ts'

export interface Example {
  name: string
  version: string
}

/** Builds the package. The same name and version give the same bytes. */
export function buildExamplePackage({ name, version }: Example): Uint8Array {
  const program = encodeUtf8(
    `#!/bin/sh\necho "Hello from ${name} ${version}, installed from your own registry."\n`,
  )
  const data = compress([
    formatTarHeader({ name: 'usr/', size: 0, mode: 0o755, type: 'directory' }),
    formatTarHeader({ name: 'usr/bin/', size: 0, mode: 0o755, type: 'directory' }),
    ...formatProgram(`usr/bin/${name}`, program),
    tarEnd(),
  ])
  const info = encodeUtf8(formatInfo({ name, version }, program.length, data))
  const control = compress([
    formatTarHeader({ name: '.PKGINFO', size: info.length }),
    info,
    tarPadding(info.length),
  ])
  return concatBytes([control, data])
}

function formatInfo({ name, version }: Example, size: number, data: Uint8Array): string {
  const fields = {
    pkgname: name,
    pkgver: version,
    pkgdesc: 'An example package that says hello',
    url: 'https://example.org/',
    builddate: 1_700_000_000,
    size,
    arch: 'noarch',
    origin: name,
    license: 'Apache-2.0',
    datahash: createHash('sha256').update(data).digest('hex'),
  }
  return Object.entries(fields)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')
}

function formatProgram(path: string, content: Uint8Array): Uint8Array[] {
  const sha1 = createHash('sha1').update(content).digest('hex')
  const pax = { 'APK-TOOLS.checksum.SHA1': sha1 }
  return [
    formatTarHeader({ name: path, size: content.length, mode: 0o755, pax }),
    content,
    tarPadding(content.length),
  ]
}

function compress(parts: readonly Uint8Array[]): Uint8Array {
  return gzipSync(concatBytes(parts), { level: 9, mtime: 0 })
}
