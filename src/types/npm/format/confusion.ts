// Whether the tarball is what its manifest says. Clients resolve and warn by the manifest, and then unpack and run
// what package.json in the tarball says; a publisher can send two that differ ("manifest confusion"). Compared is
// what decides what is installed and run: name, version, dependencies, programs, and scripts that run at the
// install. npm normalises before it sends the manifest, so both are normalised here in the same ways.
import { FormatError, quote } from '../../../formats/format-error.ts'
import { withoutBuild } from '../../../formats/semver.ts'
import {
  isJsonObject,
  type JsonObject,
  kindOf,
  memberOf,
  textOf,
} from '../../../formats/text/json-value.ts'
import { baseNameOf } from './name.ts'
import { INSTALL_SCRIPTS } from './scripts.ts'

/** @throws FormatError `invalid-field` */
export function checkSameManifest(manifest: JsonObject, packageJson: JsonObject): void {
  compare('name', memberOf(manifest, 'name'), memberOf(packageJson, 'name'))
  compare('version', versionOf(manifest), versionOf(packageJson))
  for (const [field, of] of Object.entries(COMPARED)) {
    const sent = of(manifest)
    const packed = of(packageJson)
    if (sent === undefined || packed === undefined) continue
    for (const key of new Set([...sent.keys(), ...packed.keys()])) {
      compare(`${field} / ${quote(key)}`, sent.get(key), packed.get(key), field)
    }
  }
}

const COMPARED: Readonly<Record<string, (from: JsonObject) => Map<string, string> | undefined>> = {
  dependencies: dependenciesOf,
  peerDependencies: (from) => textsOf(memberOf(from, 'peerDependencies')),
  bin: programsOf,
  scripts: installScriptsOf,
}

function compare(what: string, sent: unknown, packed: unknown, field = what): void {
  if (sent === packed) return
  const message = `${what} is ${show(sent)} in the manifest and ${show(packed)} in the tarball's package.json`
  const remedy = 'publish the folder or the tarball as it is, with npm publish'
  throw new FormatError('invalid-field', `${message}: ${remedy}`, { field })
}

function show(value: unknown): string {
  return typeof value === 'string' ? quote(value) : kindOf(value)
}

/** Clients cut a `v` or `=` and the build away. */
function versionOf(from: JsonObject): unknown {
  const version = memberOf(from, 'version')
  if (typeof version !== 'string') return version
  return withoutBuild(version.trim().replace(/^[=v\s]+/, ''))
}

/** What is optional is in both fields of some manifests. */
function dependenciesOf(from: JsonObject): Map<string, string> {
  const all = ['dependencies', 'optionalDependencies'].map((field) => memberOf(from, field))
  return new Map(all.flatMap((value) => [...textsOf(value)]))
}

function textsOf(value: unknown): Map<string, string> {
  if (!isJsonObject(value)) return new Map()
  return new Map(
    Object.entries(value).flatMap(([key, text]) =>
      typeof text === 'string' ? [[key, text.trim()] as const] : [],
    ),
  )
}

/** Undefined where a folder of programs is named, which clients list. */
function programsOf(from: JsonObject): Map<string, string> | undefined {
  const directories = memberOf(from, 'directories')
  if (isJsonObject(directories) && textOf(directories, 'bin') !== undefined) return undefined
  const bin = memberOf(from, 'bin')
  const name = baseNameOf(textOf(from, 'name') ?? '')
  const programs = typeof bin === 'string' ? new Map([[name, bin]]) : textsOf(bin)
  // Of a program that has no name but the package's Bun says the scope, too; clients call it without.
  return new Map(
    [...programs].map(([key, path]) => [baseNameOf(key), path.replace(/^(?:\.?\/)+/, '')]),
  )
}

function installScriptsOf(from: JsonObject): Map<string, string> {
  const scripts = textsOf(memberOf(from, 'scripts'))
  const found = INSTALL_SCRIPTS.flatMap((name) => {
    const script = scripts.get(name)?.replace(LOCAL_PROGRAM, '')
    return script === undefined ? [] : [[name, script] as const]
  })
  // npm writes it into manifests of packages that have a binding.gyp.
  return new Map(found.filter(([, script]) => script !== NODE_GYP))
}

/** Clients have that folder in PATH, and npm cuts it away. */
const LOCAL_PROGRAM = /^(?:\.[\\/])?node_modules[\\/]\.bin[\\/]/
const NODE_GYP = 'node-gyp rebuild'
