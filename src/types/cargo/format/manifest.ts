// Cargo.toml as `cargo package` writes it into a crate: normalised, so that nothing is inherited from a
// workspace, and dependencies have versions beside or instead of paths.
import { parse, TomlError } from 'smol-toml'
import { decodeUtf8 } from '../../../formats/bytes.ts'
import { FormatError, findUnprintable, quote } from '../../../formats/format-error.ts'
import { FieldReader } from '../../../formats/text/fields.ts'
import {
  type CrateDependency,
  checkDependency,
  type DependencyArtifact,
  type DependencyKind,
} from './dependency.ts'
import { checkFeatures, type Features } from './features.ts'
import { isRustVersion } from './version.ts'

export interface CrateManifest {
  readonly name: string
  readonly version: string
  /** `registry` is null also where the manifest says none, which to cargo is the public registry. */
  readonly dependencies: readonly CrateDependency[]
  readonly features: Features
  readonly links: string | null
  readonly rustVersion: string | null
  readonly about: CrateDescription
}

/** What people read about a crate. */
export interface CrateDescription {
  readonly description?: string | undefined
  readonly documentation?: string | undefined
  readonly homepage?: string | undefined
  readonly repository?: string | undefined
  readonly license?: string | undefined
  readonly licenseFile?: string | undefined
  readonly edition?: string | undefined
  readonly authors: readonly string[]
  readonly keywords: readonly string[]
  readonly categories: readonly string[]
}

const DOCUMENT = { name: 'Cargo.toml', remedy: 'package it with cargo, which normalises the file' }

/** @throws FormatError `malformed` for what is no TOML, `invalid-field` */
export function parseManifest(bytes: Uint8Array): CrateManifest {
  const fields = new FieldReader(DOCUMENT, parseToml(bytes))
  // Before 2015 the table had this name.
  const table = fields.object('package') ?? fields.object('project')
  if (table === undefined) throw new FormatError('malformed', 'Cargo.toml has no [package]: add it')
  const dependencies = readAllDependencies(fields)
  const features = fields.textsByName('features')
  checkFeatures(features, dependencies)
  return {
    name: table.text('name'),
    version: table.text('version'),
    dependencies,
    features,
    links: readLinks(table),
    rustVersion: readRustVersion(table),
    about: readDescription(table),
  }
}

function parseToml(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new FormatError('malformed', 'Cargo.toml is not UTF-8: save it so')
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const place = `line ${error.line}, column ${error.column}`
    throw new FormatError('malformed', `Cargo.toml is no TOML at ${place}: correct it`, {
      cause: error,
    })
  }
}

/** Tables by their kinds; some have an older name as well. */
const TABLES: readonly (readonly [string, DependencyKind])[] = [
  ['dependencies', 'normal'],
  ['dev-dependencies', 'dev'],
  ['dev_dependencies', 'dev'],
  ['build-dependencies', 'build'],
  ['build_dependencies', 'build'],
]

function readAllDependencies(fields: FieldReader): readonly CrateDependency[] {
  const targets = fields.object('target')
  return [
    ...readTables(fields, null),
    ...(targets?.names() ?? []).flatMap((target) => {
      const table = targets?.object(target)
      return table === undefined ? [] : readTables(table, target)
    }),
  ]
}

function readTables(fields: FieldReader, target: string | null): readonly CrateDependency[] {
  return TABLES.flatMap(([table, kind]) => {
    const dependencies = fields.object(table)
    if (dependencies === undefined) return []
    return dependencies.names().map((name) => readDependency(dependencies, name, kind, target))
  })
}

function readDependency(
  table: FieldReader,
  name: string,
  kind: DependencyKind,
  target: string | null,
): CrateDependency {
  const simple = typeof table.value(name) === 'string' ? table.text(name) : undefined
  const fields = simple === undefined ? table.object(name) : undefined
  refuseInherited(fields)
  refuseElsewhere(fields)
  return checkDependency(
    {
      name,
      package: fields?.optionalText('package') ?? null,
      requirement: simple ?? fields?.optionalText('version') ?? '*',
      features: fields?.texts('features').filter((each) => each !== '') ?? [],
      optional: fields?.flag('optional', false) ?? false,
      defaultFeatures: fields?.flag(defaultFeaturesOf(fields), true) ?? true,
      target,
      kind,
      registry: fields?.optionalText('registry-index') ?? null,
      artifact: fields && readArtifact(fields),
    },
    fields ?? table,
  )
}

/** The workspace is not in the crate: cargo could not read the manifest where the crate is used. */
function refuseInherited(fields: FieldReader | undefined): void {
  if (fields?.value('workspace') === undefined) return
  const field = quote(fields.nameOf('workspace'))
  const message = `${field} in Cargo.toml says that the dependency inherits from a workspace`
  throw new FormatError('invalid-field', `${message}: ${DOCUMENT.remedy}`, {
    field: 'dependencies',
  })
}

/** An index says of a dependency which versions, and nothing of where else it lies; crates of 2015 have a path beside it. */
function refuseElsewhere(fields: FieldReader | undefined): void {
  const field = ['git', 'path'].find((name) => fields?.value(name) !== undefined)
  if (field === undefined || (field === 'path' && fields?.value('version') !== undefined)) return
  const name = quote(fields?.nameOf(field) ?? '')
  const message = `${name} in Cargo.toml is of no use to who takes the crate from a registry: publish the dependency, and give its version alone`
  throw new FormatError('invalid-field', message, { field: 'dependencies' })
}

function defaultFeaturesOf(fields: FieldReader): string {
  return fields.value('default-features') === undefined ? 'default_features' : 'default-features'
}

function readArtifact(fields: FieldReader): DependencyArtifact | undefined {
  const value = fields.value('artifact')
  if (value === undefined) return undefined
  const kinds = typeof value === 'string' ? [fields.text('artifact')] : fields.texts('artifact')
  return {
    kinds,
    target: fields.optionalText('target') ?? null,
    library: fields.flag('lib', false),
  }
}

/** Characters. */
const MAX_LINKS = 255

function readLinks(table: FieldReader): string | null {
  const links = table.optionalText('links') ?? null
  if (links === null) return null
  if (links !== '' && links.length <= MAX_LINKS && findUnprintable(links) === undefined)
    return links
  const rule = `a name of at most ${MAX_LINKS} printable characters`
  throw invalid('package.links', links, `it should be ${rule}`)
}

function readRustVersion(table: FieldReader): string | null {
  const version = table.optionalText('rust-version') ?? null
  if (version === null || isRustVersion(version)) return version
  throw invalid('package.rust-version', version, 'use one to three numbers, such as 1.70 or 1.70.0')
}

function readDescription(table: FieldReader): CrateDescription {
  return {
    description: table.optionalText('description'),
    documentation: table.optionalText('documentation'),
    homepage: table.optionalText('homepage'),
    repository: table.optionalText('repository'),
    license: table.optionalText('license'),
    licenseFile: table.optionalText('license-file'),
    edition: table.optionalText('edition'),
    authors: table.texts('authors'),
    keywords: table.texts('keywords'),
    categories: table.texts('categories'),
  }
}

function invalid(field: string, value: string, remedy: string): FormatError {
  const message = `${field} in Cargo.toml is ${quote(value)}: ${remedy}`
  return new FormatError('invalid-field', message, { field })
}
