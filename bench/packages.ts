// Packages as a distribution has them: names, descriptions, dependencies and provides of a few
// hundred words, a commit each. The same number always gives the same package. Either built in
// full, or described only: what an index shows of it, with invented digests.
import { createHash } from 'node:crypto'
import { type ApkSpec, buildApkParts } from '../test/types/alpine/builder.ts'

const words = (
  'access agent archive async audio backup binary bridge broker buffer build bundle cache calendar ' +
  'cargo cert chart client cloud cluster codec color compiler config console core crypto daemon data ' +
  'debug desktop device dict disk dns doc driver editor engine event fast file filter font forge form ' +
  'frame gateway git glib graph grid hash host http icon image index input json kernel key lib light ' +
  'linux list loader local log mail manager map media memory mesh meta mini mirror module monitor net ' +
  'node object open packet parser path perl pixel plugin policy pool port print proc proto proxy py ' +
  'query queue rand read remote render report ring route ruby rust scan schema script search secure ' +
  'server session shell sign simple socket sound source spell sql stack state static stream sync sys ' +
  'table task term test text theme thread time tiny token tool trace tree tty udev unix user utf util ' +
  'vector video view virtual vpn wave web widget wire work xml yaml zip zone'
).split(' ')

const licenses = ['MIT', 'GPL-2.0-or-later', 'Apache-2.0', 'BSD-3-Clause', 'LGPL-2.1-or-later']

export interface PackageEntry {
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** The metadata of its row, as a publish writes it. */
  readonly metadata: string
}

interface Description {
  readonly name: string
  readonly version: string
  readonly text: string
  readonly url: string
  readonly license: string
  readonly commit: string
  readonly buildTime: number
  readonly maintainer: string
  readonly depends: readonly string[]
  readonly provides: readonly string[]
}

/** What a registry and an index know of the package, without its bytes. */
export function describePackage(number: number, architecture: string): PackageEntry {
  const description = describe(number)
  const identity = `Q1${createHash('sha1').update(`${number} ${architecture}`).digest('base64')}`
  const size = 2000 + (number % 9973) * 13
  return entryOf(description, architecture, { identity, fileSize: size, installedSize: size * 3 })
}

/** The package itself, and what is known of it. */
export function buildPackage(
  number: number,
  architecture: string,
): { readonly bytes: Uint8Array; readonly entry: PackageEntry } {
  const description = describe(number)
  const { bytes, identity, installedSize } = buildApkParts(specOf(description, architecture))
  const digests = { identity, fileSize: bytes.length, installedSize }
  return { bytes, entry: entryOf(description, architecture, digests) }
}

function describe(number: number): Description {
  const pick = pickerOf(number)
  const word = () => words[pick(words.length)] ?? ''
  const name = `${word()}-${word()}${number}`
  const version = `${pick(9)}.${pick(30)}.${pick(20)}-r${pick(6)}`
  const libraries = Array.from({ length: 1 + pick(4) }, () => `so:lib${word()}.so.${pick(9)}`)
  return {
    name,
    version,
    text: Array.from({ length: 4 + pick(6) }, word).join(' '),
    url: `https://example.org/${name}`,
    license: licenses[pick(licenses.length)] ?? 'MIT',
    commit: createHash('sha1').update(name).digest('hex'),
    buildTime: 1_700_000_000 + pick(50_000_000),
    maintainer: `${word()} ${word()} <${word()}@example.org>`,
    depends: ['so:libc.musl-x86_64.so.1', ...new Set(libraries)],
    provides: [`cmd:${name}=${version}`, ...(pick(3) === 0 ? [`so:lib${name}.so.1=1.0.0`] : [])],
  }
}

function specOf(described: Description, arch: string): ApkSpec {
  const { name, version, text, url, license, commit, buildTime, maintainer } = described
  const lists = { depend: described.depends, provides: described.provides }
  const info = { pkgdesc: text, url, license, commit, builddate: String(buildTime), maintainer }
  const files = [{ path: `usr/bin/${name}`, content: `#!/bin/sh\necho ${name}\n` }]
  return { name, version, arch, files, info: { ...info, ...lists } }
}

function entryOf(
  described: Description,
  architecture: string,
  digests: { identity: string; fileSize: number; installedSize: number },
): PackageEntry {
  const { name, version, text, ...rest } = described
  const shown = { name, version, architecture, description: text, origin: name, installIf: [] }
  return {
    name,
    version,
    architecture,
    metadata: JSON.stringify({ ...digests, ...shown, ...rest }),
  }
}

/** Numbers below a bound, from a seed. */
function pickerOf(seed: number): (bound: number) => number {
  let state = Math.imul(seed + 1, 2654435761) >>> 0
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

let fresh = 1_000_000

/** A package that no repository has yet. */
export const freshPackage = (architecture = 'x86_64'): Uint8Array =>
  buildPackage(fresh++, architecture).bytes
