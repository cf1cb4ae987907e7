// What pages show of an npm package: what the manifest of the version says.
import { isJsonObject, type JsonObject, memberOf, textOf } from '../../formats/text/json-value.ts'
import type { PackageDescription, PackageView, Relation, ViewFact, ViewValue } from '../view.ts'
import { manifestOf, parseMetadata } from './format/metadata.ts'
import { keywordsOf, PROVIDES, REQUIRES, targetOf } from './format/properties.ts'
import { DEPRECATED } from './marks.ts'
import { tarballPath } from './names.ts'

export const npmView: PackageView = {
  title: 'npm',
  describe: ([file]) => (file === undefined ? NOTHING : describe(file.packageName, file.metadata)),
  filePath: (owner, { packageName, version }) => tarballPath(owner, packageName, version),
  links: { provides: PROVIDES, requires: REQUIRES },
  marks: { [DEPRECATED]: { label: 'Deprecated' } },
}

const NOTHING: PackageDescription = { summary: '', facts: [], relations: [], providedNames: [] }

function describe(packageName: string, text: string): PackageDescription {
  const metadata = parseMetadata(text)
  const manifest = manifestOf(metadata)
  const facts = [
    fact('Licence', licencesOf(manifest)),
    fact('Homepage', linkOf(memberOf(manifest, 'homepage'))),
    fact('Repository', linkOf(memberOf(manifest, 'repository'))),
    fact('Bugs', linkOf(memberOf(manifest, 'bugs'))),
    fact('Author', [personOf(memberOf(manifest, 'author'))].flatMap(textValue)),
    fact('Keywords', [keywordsOf(manifest)].flatMap(textValue)),
    fact(
      'Engines',
      entriesOf(manifest, 'engines').map(([name, range]) => codeValue(`${name} ${range}`)),
    ),
    fact('Platforms', platformsOf(manifest).map(codeValue)),
    fact(
      'Runs at install',
      memberOf(manifest, 'hasInstallScript') === true ? textValue('a script of its own') : [],
    ),
    fact('Unpacked size', [{ kind: 'bytes', size: metadata.unpackedSize }]),
  ]
  return {
    summary: metadata.description,
    facts: facts.filter(({ values }) => values.length > 0),
    relations: RELATIONS.map(([title, field]) => relation(title, manifest, field)).filter(
      ({ entries }) => entries.length > 0,
    ),
    providedNames: [packageName],
  }
}

const RELATIONS = [
  ['Depends on', 'dependencies'],
  ['Optional', 'optionalDependencies'],
  ['Peers', 'peerDependencies'],
  ['For development', 'devDependencies'],
] as const

function relation(title: string, manifest: JsonObject, field: string): Relation {
  const entries = entriesOf(manifest, field).map(([key, range]) => ({
    text: range === '' ? key : `${key} ${range}`,
    name: targetOf(key, range),
  }))
  return { title, entries }
}

/** Members that are texts; clients write others, too. */
function entriesOf(manifest: JsonObject, field: string): readonly [string, string][] {
  const value = memberOf(manifest, field)
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([key, text]): [string, string][] =>
    typeof text === 'string' ? [[key, text]] : [],
  )
}

function fact(label: string, values: readonly ViewValue[]): ViewFact {
  return { label, values }
}

function textValue(text: string): readonly ViewValue[] {
  return text === '' ? [] : [{ kind: 'text', text }]
}

function codeValue(text: string): ViewValue {
  return { kind: 'code', text }
}

function licencesOf(manifest: JsonObject): readonly ViewValue[] {
  const value = memberOf(manifest, 'license') ?? memberOf(manifest, 'licenses')
  const all = Array.isArray(value) ? value : [value]
  return all.flatMap((each) =>
    textValue(isJsonObject(each) ? (textOf(each, 'type') ?? '') : asText(each)),
  )
}

/** A text, or an object with `url`. Git's own addresses are shown as those of the web that people can open. */
function linkOf(value: unknown): readonly ViewValue[] {
  const text = isJsonObject(value) ? (textOf(value, 'url') ?? '') : asText(value)
  const url = text
    .replace(/^git\+/, '')
    .replace(/^(?:git|ssh):\/\/(?:git@)?/, 'https://')
    .replace(/\.git$/, '')
  return url === '' ? [] : [{ kind: 'link', url }]
}

function personOf(value: unknown): string {
  return isJsonObject(value) ? (textOf(value, 'name') ?? '') : asText(value)
}

function platformsOf(manifest: JsonObject): readonly string[] {
  return ['os', 'cpu', 'libc'].flatMap((field) => {
    const value = memberOf(manifest, field)
    return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string')
  })
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
