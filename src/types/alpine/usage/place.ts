// PURE: what instructions are written about, checked once: every address and name that the texts
// beside it put into a shell, a Dockerfile or YAML comes from here.
import { invalidRequest } from '../../../core/errors.ts'
import { quote } from '../../../formats/format-error.ts'
import type { UsagePlace } from '../../type.ts'

export interface AlpinePlace {
  /** Host and port. */
  readonly host: string
  readonly hostname: string
  readonly owner: string
  readonly isPrivate: boolean
  /** `branch/repository`, or words that stand for it. */
  readonly repository: string
  readonly branch: string
  /** What the keys and repositories of the owner are under. */
  readonly ownerUrl: string
  /** What apk calls the repository. */
  readonly repositoryUrl: string
  readonly keys: readonly { readonly fileName: string; readonly url: string }[]
  readonly package: { readonly name: string; readonly version: string | undefined } | undefined
  readonly fileName: string | undefined
  /** Those that an image can have: noarch is none. */
  readonly architectures: readonly string[]
}

/** A host is what the client asked for, and URLs allow quotes, `$` and `;` in it. */
const ORIGIN = /^https?:\/\/(?:[A-Za-z0-9][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+@~-]*$/
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9._+-]*\/[A-Za-z0-9][A-Za-z0-9._+-]*$/

/**
 * The names were held against their grammars when they were stored. They are held against a wide one
 * here again, since what passes is run as root by whoever copies it.
 * @param withoutRepository stands for a repository where the place has none
 * @throws RegistryError invalid-request
 */
export function parsePlace(
  place: UsagePlace,
  withoutRepository = 'BRANCH/REPOSITORY',
): AlpinePlace {
  const origin = check('address', ORIGIN, place.origin)
  const { host, hostname } = new URL(origin)
  const owner = check('owner', NAME, place.owner)
  const repository = check('repository', REPOSITORY, place.repository ?? withoutRepository)
  const ownerUrl = `${origin}/api/packages/${owner}/alpine`
  const optional = (what: string, text: string | undefined) =>
    text === undefined ? undefined : check(what, NAME, text)
  const name = optional('package', place.packageName)
  const version = optional('version', place.version)
  return {
    host,
    hostname,
    owner,
    isPrivate: place.visibility === 'private',
    repository,
    branch: repository.split('/')[0] ?? '',
    ownerUrl,
    repositoryUrl: `${ownerUrl}/${repository}`,
    keys: place.keyFiles.map((fileName) => {
      return { fileName, url: `${ownerUrl}/${check('key file', NAME, fileName)}` }
    }),
    package: name === undefined ? undefined : { name, version },
    fileName: optional('file', place.fileName),
    architectures: (place.architectures ?? [])
      .map((architecture) => check('architecture', NAME, architecture))
      .filter((architecture) => architecture !== 'noarch'),
  }
}

function check(what: string, grammar: RegExp, text: string): string {
  if (grammar.test(text)) return text
  const detail = `there are no instructions for the ${what} ${quote(text)}`
  throw invalidRequest(detail)
}
