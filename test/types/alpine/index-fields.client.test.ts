// The index that is served, entry by entry, against what the real `apk index` makes of the same
// packages: every field, its order and its spelling.
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { type ApkSpec, buildApk } from './builder.ts'
import { makeIndexText, readIndexText } from './clients/apk.ts'

type Info = NonNullable<ApkSpec['info']>

const cases: Record<string, Info> = {
  'every field': {
    pkgdesc: 'Grüße aus 日本 — naïve “quotes” & <tags>: 100 % ✓',
    url: 'https://example.org/a?b=c&d=é#f',
    builddate: '1730000000',
    packager: 'Nobody <nobody@example.org>',
    size: '4096',
    origin: 'greetings',
    commit: '0123456789abcdef0123456789abcdef01234567-dirty',
    maintainer: 'Zoë Ångström <zoe@example.org>',
    license: 'MIT AND (Apache-2.0 OR GPL-2.0-or-later)',
    provider_priority: '100',
    replaces: 'older',
    replaces_priority: '5',
    triggers: '/usr/share/icons/*',
  },
  'only what is required': {
    pkgdesc: null,
    url: null,
    builddate: null,
    packager: null,
    origin: null,
    maintainer: null,
    license: null,
  },
  'empty and zero values': { pkgdesc: '', url: '', license: '', builddate: '0', size: '1' },
  'several licenses': { license: ['MIT', 'BSD-3-Clause', 'Apache-2.0'] },
  'values that hold the separator': { pkgdesc: 'a = b = c', url: 'https://example.org/?a = b' },
  'dependencies on many lines': {
    depend: ['so:libc.musl-x86_64.so.1', 'zlib>=1.2 openssl~3.1', 'ca-certificates', '!conflict'],
    provides: ['cmd:hello=1.0-r0', 'so:libhello.so.1=1.0.2 virtual', 'pc:hello=1.0'],
    install_if: 'docs hello=1.0-r0',
  },
  'every operator': {
    depend: ['a=1', 'b<2', 'c<=2', 'd>2', 'e>=2', 'f~2', 'g<~2', 'h>~2', '!i', '!j=1', '/bin/sh'],
  },
  'operators written otherwise': { depend: ['a==1', 'b=<2', 'c=>2', 'd~=2', 'e=~2'] },
  'a dependency said twice': { depend: ['zlib', 'zlib>=1.2', 'zlib'], provides: ['a', 'a'] },
  'a large size and a late date': { size: '123456789012', builddate: '4102444800' },
  'a long description': { pkgdesc: 'word '.repeat(300).trim() },
}

describeWith(['apk', 'curl'], 'the index', ({ apk, curl }) => {
  const server = useServer()
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keyName = 'maker@example.org-1.rsa.pub'
  const sign = {
    privateKeyPem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    keyName,
    algorithm: 'RSA',
  } as const

  /** Publishes all, and returns the entries served and those of the real tool. */
  async function indexBoth(packages: readonly Uint8Array[], architecture: string) {
    const directory = await temporaryDirectory()
    const keys = join(directory, 'keys')
    await mkdir(keys)
    const pem = String(publicKey.export({ type: 'spki', format: 'pem' }))
    await writeFile(join(keys, keyName), pem)
    const files = packages.map((_, index) => join(directory, `${index}.apk`))
    const owner = await createOwner(server(), 'public')
    for (const [index, bytes] of packages.entries()) {
      await writeFile(files[index] ?? '', bytes)
      await owner.mustPublish('edge/main', bytes)
    }
    const served = join(directory, 'served')
    const url = `${owner.url}/edge/main/${architecture}/APKINDEX.tar.gz`
    await runOrThrow(curl, ['-fsS', '-o', served, url])
    return {
      served: entriesByName(await readIndexText(served)),
      expected: entriesByName(await makeIndexText(apk, files, keys)),
    }
  }

  it('equals that of apk index, for packages of every kind together', async () => {
    const packages = Object.values(cases).map((info, index) =>
      buildApk({ name: `case-${index}`, version: `1.${index}_rc1-r0`, info, sign }),
    )
    const noarch = buildApk({ name: 'for-all', arch: 'noarch', sign })
    const unusual = buildApk({ name: 'A+b_c.d-1x', version: '0.1.2a_git20260101~0af-r12', sign })
    const { served, expected } = await indexBoth([...packages, noarch, unusual], 'x86_64')
    expect(Object.keys(served).sort()).toEqual(Object.keys(expected).sort())
    expect(Object.keys(served)).toHaveLength(packages.length + 2)
    expect(served).toEqual(expected)
  })

  for (const [title, info] of Object.entries(cases))
    it(`equals that of apk index: ${title}`, async () => {
      const { served, expected } = await indexBoth(
        [buildApk({ name: 'hello', info, sign })],
        'x86_64',
      )
      expect(served).toEqual(expected)
    })

  it('equals that of apk index for packages with scripts, links and no files', async () => {
    const packages = [
      buildApk({ name: 'scripts', scripts: { '.post-install': '#!/bin/sh\n' }, sign }),
      buildApk({
        name: 'links',
        info: { size: '7' },
        files: [
          { path: 'usr/bin/real', content: 'content' },
          { path: 'usr/bin/link', link: 'real' },
        ],
        sign,
      }),
      buildApk({ name: 'meta', files: [], info: { depend: 'links' }, sign }),
    ]
    const { served, expected } = await indexBoth(packages, 'x86_64')
    expect(served).toEqual(expected)
  })

  it('lists the versions of one name that are there, each once', async () => {
    const versions = ['1.0-r0', '1.0-r1', '1.10-r0', '1.9-r0', '2.0_rc1-r0']
    const packages = versions.map((version) => buildApk({ name: 'hello', version, sign }))
    const { served, expected } = await indexBoth(packages, 'x86_64')
    expect(served).toEqual(expected)
    expect(Object.keys(served)).toHaveLength(versions.length)
  })
})

/** Entries keyed by name and version; a repeated one would be lost, so it is an error. */
function entriesByName(text: string): Record<string, string> {
  const entries: Record<string, string> = {}
  for (const entry of text.split('\n\n').filter((part) => part.trim() !== '')) {
    const [, name] = /^P:(.*)$/m.exec(entry) ?? []
    const [, version] = /^V:(.*)$/m.exec(entry) ?? []
    const key = `${name}-${version}`
    if (entries[key] !== undefined) throw new Error(`${key} is listed twice`)
    entries[key] = entry.trim()
  }
  return entries
}
