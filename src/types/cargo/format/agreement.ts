// Holds the JSON of a publish against the manifest in the crate. Resolving goes by the one and building by
// the other: where they differ, a crate is not what a list says of it.
import { FormatError, quote } from '../../../formats/format-error.ts'
import { type CrateDependency, dependencyKey, describeDependency } from './dependency.ts'
import { type Features, parseFeatureValue } from './features.ts'
import type { CrateManifest } from './manifest.ts'
import type { PublishMetadata } from './metadata.ts'

const REMEDY = 'publish with cargo, which writes both'

/**
 * The dependencies, from the manifest but for the registries, which only the metadata says.
 * @param path of this registry in URLs, with slashes at both ends
 * @throws FormatError `invalid-field` where both differ
 */
export function agree(
  metadata: PublishMetadata,
  manifest: CrateManifest,
  path: string,
): readonly CrateDependency[] {
  requireEqual('name', metadata.name, manifest.name)
  requireEqual('version', metadata.version, manifest.version)
  requireEqual('links', metadata.links, manifest.links)
  // Cargo before 1.71 does not send it.
  if (metadata.rustVersion !== null) {
    requireEqual('rust-version', metadata.rustVersion, manifest.rustVersion)
  }
  const dependencies = agreeOnDependencies(metadata.dependencies, manifest.dependencies, path)
  agreeOnFeatures(metadata, manifest)
  return dependencies
}

function requireEqual(field: string, claimed: string | null, found: string | null): void {
  if (claimed === found) return
  throw differ(field, `the ${field}`, claimed, found)
}

function agreeOnDependencies(
  claimed: readonly CrateDependency[],
  found: readonly CrateDependency[],
  path: string,
): readonly CrateDependency[] {
  const rest = new Map(claimed.map((each) => [dependencyKey(each), each]))
  if (rest.size < claimed.length) {
    const twice = claimed.find((each) => rest.get(dependencyKey(each)) !== each)
    const what = twice === undefined ? 'a dependency' : describeDependency(twice)
    throw disagreement('deps', `the JSON has ${what} twice`)
  }
  const agreed = found.flatMap((each) => {
    const other = rest.get(dependencyKey(each))
    // Nobody who uses a crate needs what it is developed with; cargo left out those on a path alone
    // of the JSON before it left them out of the manifest.
    if (other === undefined && each.kind === 'dev') return []
    const what = describeDependency(each)
    if (other === undefined) {
      throw disagreement('deps', `Cargo.toml has ${what}, and the JSON has not`)
    }
    rest.delete(dependencyKey(each))
    compareDependencies(other, each, path)
    return [{ ...each, registry: other.registry }]
  })
  const [surplus] = rest.values()
  if (surplus === undefined) return agreed
  throw disagreement('deps', `the JSON has ${describeDependency(surplus)}, and Cargo.toml has not`)
}

function compareDependencies(claimed: CrateDependency, found: CrateDependency, path: string): void {
  const what = describeDependency(found)
  for (const [field, of] of COMPARED) {
    const [one, other] = [of(claimed), of(found)]
    if (one !== other) throw differ('deps', `the ${field} of ${what}`, one, other)
  }
  if (claimed.registry === found.registry) return
  // Cargo.toml names all registries but the public one, the JSON all but this one.
  if (found.registry === null && PUBLIC.includes(claimed.registry ?? '')) return
  if (claimed.registry === null && found.registry !== null) {
    if (new URL(found.registry.replace(/^sparse\+/, '')).pathname === path) return
  }
  throw differ('deps', `the registry of ${what}`, claimed.registry, found.registry)
}

const PUBLIC = ['https://github.com/rust-lang/crates.io-index', 'sparse+https://index.crates.io/']

const COMPARED: readonly (readonly [string, (dependency: CrateDependency) => string])[] = [
  ['name in its registry', ({ package: renamed, name }) => renamed ?? name],
  // In manifests of 2017 cargo wrote one of these for the other; they mean the same.
  ['requirement', ({ requirement }) => requirement.replace(/^(\d+)\.\*$/, '^$1')],
  ['optionality', ({ optional }) => (optional ? 'optional' : 'required')],
  ['default features', ({ defaultFeatures }) => (defaultFeatures ? 'on' : 'off')],
  ['features', ({ features }) => [...new Set(features)].sort().join(' ')],
  ['artifact', ({ artifact }) => JSON.stringify(artifact ?? null)],
]

/**
 * Cargo leaves out of the manifest what features enable of dependencies that it leaves out, those on a
 * path alone, and did not always do so in the JSON.
 */
function agreeOnFeatures(
  metadata: PublishMetadata,
  { features, dependencies }: CrateManifest,
): void {
  const names = new Set(dependencies.map(({ name }) => name))
  const claimed: Features = new Map(
    [...metadata.features].map(([name, values]) => [name, values.filter(isOfKnown)]),
  )
  for (const name of new Set([...claimed.keys(), ...features.keys()])) {
    const [one, other] = [listOf(claimed, name), listOf(features, name)]
    if (one !== other) throw differ('features', `the feature ${quote(name)}`, one, other)
  }
  function isOfKnown(value: string): boolean {
    const parsed = parseFeatureValue(value)
    return parsed.kind === 'feature' || names.has(parsed.name)
  }
}

function listOf(features: Features, name: string): string | null {
  const values = features.get(name)
  return values === undefined ? null : [...new Set(values)].sort().join(' ')
}

function differ(field: string, what: string, claimed: string | null, found: string | null) {
  const say = (value: string | null) => (value === null ? 'absent' : quote(value))
  return disagreement(
    field,
    `${what} is ${say(claimed)} in the JSON and ${say(found)} in Cargo.toml`,
  )
}

function disagreement(field: string, reason: string): FormatError {
  return new FormatError('invalid-field', `${reason}: ${REMEDY}`, { field })
}
