// The names that apk takes a package for beside its own (apk-tools src/solver.c): whoever asks for one gets a package
// that provides it, one with `install_if` comes by itself, and one that replaces another may write over its files, as may
// one of the same origin (apk_pkg_replaces_file in apk-tools src/package.c).
import type { Claim, Claims } from '../../core/access/claims.ts'
import type { PackageInfo } from './format/package-info.ts'
import { PROVIDES } from './format/properties.ts'

/** What abuild finds in the files: libraries, commands, pkg-config's modules. */
const FOUND_IN_FILES = /^(?:so|cmd|pc):/

type Claiming = Pick<
  PackageInfo,
  'provides' | 'installIf' | 'replaces' | 'providerPriority' | 'origin'
>

export function claimsOf(info: Claiming): Claims {
  const { provides, installIf, replaces, providerPriority, origin } = info
  const provided = claimsIn(provides, 'provides')
  // With a priority it is taken before others that have the name.
  const preferred = providerPriority !== undefined
  const isShared = ({ name }: Claim) => !preferred && FOUND_IN_FILES.test(name)
  return {
    names: [
      ...provided.filter((claim) => !isShared(claim)),
      ...claimsIn(installIf, 'install_if'),
      ...claimsIn(replaces, 'replaces'),
      ...(origin === undefined ? [] : [{ name: origin, field: 'origin' }]),
    ],
    shared: { property: PROVIDES, claims: provided.filter(isShared) },
  }
}

/**
 * Also what must not be installed: a package that is wanted in the absence of another comes everywhere. Of `replaces`
 * nobody checked the form: what is no name is covered by no pattern. Behind `@` apk reads the tag of a repository.
 */
function claimsIn(items: readonly string[], field: string): readonly Claim[] {
  return items.map((item) => ({ name: item.replace(/^!/, '').replace(/[<>=~@].*$/s, ''), field }))
}
