// What a publish says beside the tarball: one version's manifest (its package.json as the client normalised it),
// the tags that are to point at it, and what the tarball's digests are. Refused is what clients could not read
// back, or what they and this registry would understand differently.
import { invalidField, quote } from '../../../formats/format-error.ts'
import {
  isJsonObject,
  type JsonObject,
  kindOf,
  memberOf,
  showValue,
  textOf,
} from '../../../formats/text/json-value.ts'
import { isProvenance } from './body.ts'
import { parseDeprecated } from './deprecations.ts'
import { type Claim, parseClaims } from './digests.ts'
import { parseTag } from './tag.ts'
import { parseVersion } from './version.ts'

export interface PublishedManifest {
  readonly name: string
  /** As written, with the build that names are found without. */
  readonly version: string
  readonly manifest: JsonObject
  readonly tags: readonly string[]
  readonly claims: readonly Claim[]
  /** Bytes of the tarball, as the client says. */
  readonly length: number | undefined
  /** What users are to be warned of from the beginning. */
  readonly deprecated: string | undefined
  /** Of the publish as a whole. */
  readonly body: JsonObject
}

/** What clients resolve dependencies by, and what they show of them. */
export const DEPENDENCY_FIELDS = [
  ...(['dependencies', 'optionalDependencies', 'devDependencies', 'peerDependencies'] as const),
]

/** A client gives a version one tag; anybody can send more. */
const MAX_TAGS = 20

/**
 * @param kept of the body (body.ts)
 * @param name that the path has, already checked
 * @throws FormatError `invalid-field`, `malformed`
 */
export function parsePublication(kept: unknown, name: string): PublishedManifest {
  const root = requireObject(kept, 'the body')
  requireName(root, name, 'name')
  const length = parseAttachments(root)
  const [key, manifest] = requireOneVersion(root)
  requireName(manifest, name, `the manifest's name`)
  const version = textOf(manifest, 'version')
  if (version !== key) {
    const found = `versions has ${quote(key)} with the version ${showValue(memberOf(manifest, 'version'))}`
    throw invalidField('version', found, 'make them the same')
  }
  parseVersion(version)
  for (const field of DEPENDENCY_FIELDS) checkDependencies(manifest, field)
  return {
    name,
    version,
    manifest,
    tags: parseTags(root, version),
    claims: parseClaims(memberOf(manifest, 'dist')),
    length,
    deprecated: parseDeprecated(manifest, version),
    body: root,
  }
}

function requireName(object: JsonObject, name: string, field: string): void {
  const found = memberOf(object, 'name')
  if (found === name) return
  const reason = `the path is that of ${quote(name)} and ${field} is ${showValue(found)}`
  throw invalidField('name', reason, 'publish each package under its own name')
}

/** Also how many bytes the attachment is said to have. */
function parseAttachments(root: JsonObject): number | undefined {
  const attachments = requireObject(memberOf(root, '_attachments'), '_attachments')
  const entries = Object.entries(attachments)
  const provenance = entries.find(([key]) => isProvenance(key))
  if (provenance !== undefined) {
    const reason = `_attachments has a provenance statement, ${quote(provenance[0])}, which is not kept here`
    throw invalidField('_attachments', reason, 'publish with --no-provenance')
  }
  const [only, ...others] = entries
  if (only === undefined || others.length > 0) {
    const reason = `_attachments has ${entries.length} entries`
    throw invalidField('_attachments', reason, 'send one tarball with its version')
  }
  const attachment = requireObject(only[1], `_attachments / ${quote(only[0])}`)
  if (memberOf(attachment, 'data') === undefined) {
    const reason = `_attachments / ${quote(only[0])} has no data`
    throw invalidField('_attachments', reason, 'send the tarball in it, in base64')
  }
  const length = memberOf(attachment, 'length')
  return typeof length === 'number' ? length : undefined
}

function requireOneVersion(root: JsonObject): readonly [string, JsonObject] {
  const versions = requireObject(memberOf(root, 'versions'), 'versions')
  const [only, ...others] = Object.entries(versions)
  if (only !== undefined && others.length === 0) {
    return [only[0], requireObject(only[1], `versions / ${quote(only[0])}`)]
  }
  const reason = `versions has ${others.length + (only === undefined ? 0 : 1)} entries beside one tarball`
  throw invalidField('versions', reason, 'publish one version at a time')
}

/** An absent list is none; what a tag stands for beside this version is no publish. */
function parseTags(root: JsonObject, version: string): readonly string[] {
  const field = 'dist-tags'
  const given = memberOf(root, field)
  if (given === undefined || given === null) return []
  const entries = Object.entries(requireObject(given, field))
  if (entries.length > MAX_TAGS) {
    throw invalidField(field, `${field} has ${entries.length} tags`, `send at most ${MAX_TAGS}`)
  }
  return entries.map(([tag, target]) => {
    if (target === version) return parseTag(tag)
    const reason = `${field} has ${quote(tag)} for ${showValue(target)}, which is not the version that is published`
    throw invalidField(field, reason, 'move other tags with npm dist-tag add')
  })
}

function checkDependencies(manifest: JsonObject, field: (typeof DEPENDENCY_FIELDS)[number]): void {
  const value = memberOf(manifest, field)
  if (value === undefined) return
  const remedy = 'write it as {"name": "range"}'
  if (!isJsonObject(value)) throw invalidField(field, `${field} is ${kindOf(value)}`, remedy)
  const wrong = Object.entries(value).find(([, range]) => typeof range !== 'string')
  if (wrong === undefined) return
  throw invalidField(field, `${field} has ${quote(wrong[0])} with ${kindOf(wrong[1])}`, remedy)
}

function requireObject(value: unknown, what: string): JsonObject {
  if (isJsonObject(value)) return value
  const field = what.split(' ')[0] ?? what
  throw invalidField(field, `${what} is ${kindOf(value)}`, 'make it an object, as npm publish does')
}
