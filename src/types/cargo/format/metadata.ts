// The JSON that `cargo publish` sends before a crate (cargo, crates/crates-io/lib.rs, NewCrate). Every
// field is checked for its type. What an index says of a crate is checked for its meaning, too; what pages
// show is taken from the manifest, which is in the crate.

import { decodeUtf8 } from '../../../formats/bytes.ts'
import { FormatError, quote } from '../../../formats/format-error.ts'
import { FieldReader } from '../../../formats/text/fields.ts'
import { keptReadme, type Readme } from '../../../formats/text/readme.ts'
import {
  type CrateDependency,
  checkDependency,
  DEPENDENCY_KINDS,
  type DependencyKind,
} from './dependency.ts'
import type { Features } from './features.ts'
import { checkCrateName } from './name.ts'
import { parseCrateVersion } from './version.ts'

export interface PublishMetadata {
  readonly name: string
  readonly version: string
  readonly dependencies: readonly CrateDependency[]
  readonly features: Features
  readonly links: string | null
  readonly readme: Readme | undefined
  /** Null where cargo is too old to send it, too: before 1.71. */
  readonly rustVersion: string | null
}

const DOCUMENT = { name: 'the JSON', remedy: 'publish with cargo, which writes it' }

const TEXTS = [
  ...(['description', 'documentation', 'homepage', 'readme', 'readme_file'] as const),
  ...(['license', 'license_file', 'repository'] as const),
]

/** @throws FormatError `malformed` for what is no JSON, `invalid-field` */
export function parseMetadata(bytes: Uint8Array): PublishMetadata {
  const fields = new FieldReader(DOCUMENT, parseJson(bytes))
  for (const field of TEXTS) fields.optionalText(field)
  for (const field of ['authors', 'keywords', 'categories']) fields.texts(field)
  const badges = fields.object('badges')
  for (const badge of badges?.names() ?? []) badges?.object(badge)
  const [name, version] = [fields.text('name'), fields.text('vers')]
  checkCrateName(name, 'name')
  parseCrateVersion(version, 'vers')
  return {
    name,
    version,
    dependencies: fields.objects('deps').map(readDependency),
    features: fields.textsByName('features'),
    links: fields.optionalText('links') ?? null,
    readme: keptReadme(fields.optionalText('readme'), fields.optionalText('readme_file')),
    rustVersion: fields.optionalText('rust_version') ?? null,
  }
}

function parseJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes)
  if (text === undefined) throw malformed('is not UTF-8')
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('is no JSON')
  }
}

function readDependency(fields: FieldReader): CrateDependency {
  const real = fields.text('name')
  const renamed = fields.optionalText('explicit_name_in_toml')
  const kinds = fields.value('artifact') === undefined ? undefined : fields.texts('artifact')
  const [target, library] = [fields.optionalText('bindep_target'), fields.flag('lib', false)]
  return checkDependency(
    {
      name: renamed ?? real,
      package: renamed === undefined ? null : real,
      requirement: fields.text('version_req'),
      // Early versions of cargo sent an empty name where there was none; cargo passes over it.
      features: fields.texts('features').filter((each) => each !== ''),
      optional: fields.flag('optional', false),
      defaultFeatures: fields.flag('default_features', true),
      target: fields.optionalText('target') ?? null,
      kind: readKind(fields),
      registry: fields.optionalText('registry') ?? null,
      artifact: kinds && { kinds, target: target ?? null, library },
    },
    fields,
  )
}

function readKind(fields: FieldReader): DependencyKind {
  const kind = fields.optionalText('kind') ?? 'normal'
  const known = DEPENDENCY_KINDS.find((each) => each === kind)
  if (known !== undefined) return known
  const message = `${fields.nameOf('kind')} is ${quote(kind)}: use "normal", "dev" or "build"`
  throw new FormatError('invalid-field', message, { field: 'deps' })
}

function malformed(reason: string): FormatError {
  return new FormatError('malformed', `what comes before the crate ${reason}: publish with cargo`)
}
