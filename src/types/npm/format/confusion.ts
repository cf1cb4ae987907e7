// Whether the tarball is what its manifest says. Clients resolve and warn by the manifest, and then unpack and run
// what package.json in the tarball says; a publisher can send two that differ ("manifest confusion"). Compared is
// what decides what is installed and run: name, version, dependencies, programs, and scripts that run at the
// install. npm normalises before it sends the manifest, so both are normalised here in the same ways.
import { FormatError, quote } from '../../../formats/format-error.ts'
import { withoutBuild } from '../../../formats/semver.ts'
import {
  isJsonObject,
  type JsonObject,
  memberOf,
  showValue,
  textOf,
} from '../../../formats/text/json-value.ts'
import { baseNameOf } from './name.ts'
import { INSTALL_SCRIPTS } from './scripts.ts'

/** @throws FormatError `invalid-field` */
export function checkSameManifest(manifest: JsonObject, packageJson: JsonObject): void {
  compare('name', memberOf(manifest, 'name'), memberOf(packageJson, 'name'))
  compare('version', versionOf(manifest), versionOf(packageJson))
  for (const [field, of] of Object.entries(COMPARED)) {
    const sent = of(manifest, packageJson)
    const packed = of(packageJson, manifest)
    for (const key of new Set([...sent.keys(), ...packed.keys()])) {
      compare(`${field} / ${quote(key)}`, sent.get(key), packed.get(key), field)
    }
  }
}

const COMPARED: Readonly<
  Record<string, (from: JsonObject, other: JsonObject) => Map<string, string>>
> = {
  bundleDependencies: bundledOf,
  dependencies: dependenciesOf,
  peerDependencies: (from) => textsOf(memberOf(from, 'peerDependencies')),
  peerDependenciesMeta: optionalPeersOf,
  'directories.bin': (from) => new Map(programFolderOf(from).map((folder) => ['bin', folder])),
  bin: programsOf,
  scripts: installScriptsOf,
}

function compare(what: string, sent: unknown, packed: unknown, field = what): void {
  if (sent === packed) return
  const message = `${what} is ${showValue(sent)} in the manifest and ${showValue(packed)} in the tarball's package.json`
  const remedy = 'publish the folder or the tarball as it is, with npm publish'
  throw new FormatError('invalid-field', `${message}: ${remedy}`, { field })
}

/** Clients cut a `v` or `=` and the build away. */
function versionOf(from: JsonObject): unknown {
  const version = memberOf(from, 'version')
  if (typeof version !== 'string') return version
  return withoutBuild(version.trim().replace(/^[=v\s]+/, ''))
}

/** What is optional is in both fields of some manifests; what is bundled and in neither npm puts into the first. */
function dependenciesOf(from: JsonObject): Map<string, string> {
  const bundled = [...bundledOf(from).keys()].map((name) => [name, '*'] as const)
  const all = ['dependencies', 'optionalDependencies'].map((field) => memberOf(from, field))
  return new Map([...bundled, ...all.flatMap((value) => [...textsOf(value)])])
}

function textsOf(value: unknown): Map<string, string> {
  if (!isJsonObject(value)) return new Map()
  return new Map(
    Object.entries(value).flatMap(([key, text]) =>
      typeof text === 'string' ? [[key, text.trim()] as const] : [],
    ),
  )
}

/** A peer that is not optional is installed by most clients. */
function optionalPeersOf(from: JsonObject): Map<string, string> {
  const meta = memberOf(from, 'peerDependenciesMeta')
  if (!isJsonObject(meta)) return new Map()
  const optional = Object.entries(meta).filter(
    ([, value]) => isJsonObject(value) && memberOf(value, 'optional') === true,
  )
  return new Map(optional.map(([name]) => [name, 'optional']))
}

/** Clients install from the tarball what is bundled, and from a registry what is not; npm spells out `true`. */
function bundledOf(from: JsonObject): Map<string, string> {
  const [given] = ['bundleDependencies', 'bundledDependencies']
    .map((field) => memberOf(from, field))
    .filter((value) => value !== undefined)
  return new Map(namesIn(given, from).map((name) => [name, 'bundled']))
}

function namesIn(given: unknown, from: JsonObject): readonly string[] {
  if (given === true) return [...textsOf(memberOf(from, 'dependencies')).keys()]
  if (Array.isArray(given)) return given.filter((name) => typeof name === 'string')
  return isJsonObject(given) ? Object.keys(given) : []
}

/** None or one. */
function programFolderOf(from: JsonObject): readonly string[] {
  const directories = memberOf(from, 'directories')
  const folder = isJsonObject(directories) ? textOf(directories, 'bin') : undefined
  return folder === undefined ? [] : [cleanPath(folder)]
}

/** Without those that npm found in the folder that the other names in the place of programs. */
function programsOf(from: JsonObject, other: JsonObject): Map<string, string> {
  const [folder] = memberOf(other, 'bin') ? [] : programFolderOf(other)
  const programs = namedPrograms(memberOf(from, 'bin'), textOf(from, 'name') ?? '')
  // Of a program that has no name but the package's Bun says the scope, too; clients call it without.
  const cleaned = programs.map(([key, path]) => [baseNameOf(key), cleanPath(path)] as const)
  return new Map(
    cleaned.filter(([, path]) => folder === undefined || !path.startsWith(`${folder}/`)),
  )
}

function namedPrograms(bin: unknown, name: string): readonly (readonly [string, string])[] {
  if (typeof bin === 'string') return [[name, bin]]
  if (!Array.isArray(bin)) return [...textsOf(bin)]
  return bin.flatMap((path) => (typeof path === 'string' ? [[fileNameOf(path), path]] : []))
}

function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Within the package's folder, as npm has paths in manifests. */
function cleanPath(path: string): string {
  const way: string[] = []
  for (const part of path.split(/[\\/:]/)) {
    if (part === '..') way.pop()
    else if (part !== '' && part !== '.') way.push(part)
  }
  return way.join('/')
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
