// PURE: how to use crates and publish them, for people to copy. A token is stored by `cargo login`, which
// reads it from its input, so that it is in no history.
import type { PackageUsage, Snippet, SnippetGroup, UsagePlace } from '../type.ts'
import { rootOf } from './names.ts'

export const cargoUsage: PackageUsage = {
  install: (place) => [
    {
      title: 'cargo',
      snippets: [
        registry(place),
        ...(place.visibility === 'private' ? [login(place, 'read')] : []),
        add(place),
      ],
    },
  ],
  publish: (place): readonly SnippetGroup[] => [
    { title: 'cargo', snippets: [registry(place), login(place, 'write'), publish(place)] },
  ],
}

/** The name of the registry in the user's configuration: an owner's may have dots, which TOML would split. */
function nameOf({ owner }: UsagePlace): string {
  const name = owner.replaceAll('.', '-')
  return /^[0-9]/.test(name) ? `r-${name}` : name
}

function registry(place: UsagePlace): Snippet {
  const provider = place.visibility === 'private' ? 'credential-provider = "cargo:token"\n' : ''
  const index = `sparse+${rootOf(place.origin, place.owner)}/`
  return {
    title: 'The registry, in .cargo/config.toml',
    language: 'toml',
    text: `[registries.${nameOf(place)}]\nindex = "${index}"\n${provider}`,
    note: 'In the folder of the project or above, or in ~/.cargo. Needs cargo 1.68 or newer.',
  }
}

function login(place: UsagePlace, scope: 'read' | 'write'): Snippet {
  return {
    title: 'Store a token',
    language: 'sh',
    text: `printenv CAIRN_TOKEN | cargo login --registry ${nameOf(place)}\n`,
    note: `With CAIRN_TOKEN: an access token with the scope ${scope}. Without the first command cargo asks for it.`,
  }
}

function add(place: UsagePlace): Snippet {
  const { packageName, version } = place
  const crate = packageName ?? 'CRATE'
  const wanted = version === undefined ? crate : `${crate}@${version}`
  return {
    title: 'Depend on a crate',
    language: 'sh',
    text: `cargo add --registry ${nameOf(place)} ${wanted}\n`,
  }
}

function publish(place: UsagePlace): Snippet {
  return {
    title: 'Publish the crate of a folder',
    language: 'sh',
    text: `cargo publish --registry ${nameOf(place)}\n`,
  }
}
