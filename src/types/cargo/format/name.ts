// The names of crates, of what they depend on, and of features. Crates by the rule of the public Rust
// registry, which is narrower than cargo's own: ASCII alone, so that no two names look alike. What a crate
// depends on may come from elsewhere and follows cargo's rule (cargo-util-schemas/src/restricted_names.rs).
import { FormatError, quote } from '../../../formats/format-error.ts'

const CRATE = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
const DEPENDENCY = /^[\p{XID_Start}_][\p{XID_Continue}-]{0,63}$/u
/** Cargo takes longer ones; they are in every line of an index. */
const FEATURE = /^[\p{XID_Start}_0-9][\p{XID_Continue}+.-]{0,254}$/u
/** Windows takes these for devices, whatever follows a dot; cargo keeps a file of each crate's name. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/i

/** Cargo makes no packages of these names: code could not name them, or would mean others by them. */
const RESERVED = new RegExp(
  '^(?:alloc|core|proc[-_]macro|std|test|abstract|as|async|await|become|box|break|const|continue|crate|do|dyn|else|' +
    'enum|extern|false|final|fn|for|if|impl|in|let|loop|macro|match|mod|move|mut|override|priv|pub|ref|return|' +
    'self|static|struct|super|trait|true|try|type|typeof|unsafe|unsized|use|virtual|where|while|yield)$',
  'i',
)

/**
 * What a crate is found by: names that differ only in case or in `-` and `_` are one.
 */
export function foldCrateName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** The directories before a crate's file in an index, by the name in lower case. */
export function indexPrefix(name: string): string {
  const lower = name.toLowerCase()
  if (lower.length < 3) return String(lower.length)
  if (lower.length === 3) return `3/${lower.slice(0, 1)}`
  return `${lower.slice(0, 2)}/${lower.slice(2, 4)}`
}

/** @throws FormatError `invalid-field` */
export function checkCrateName(name: string, field: string): void {
  if (!CRATE.test(name)) {
    const rule = 'a letter, then at most 63 letters, digits, "-" or "_", all of them ASCII'
    throw invalid(field, `is not the name of a crate: ${quote(name)} should be ${rule}`)
  }
  const taken = DEVICE.test(name)
    ? 'Windows takes for a device'
    : RESERVED.test(name) && 'is a keyword or a crate of Rust itself'
  if (taken) throw invalid(field, `is ${quote(name)}, which ${taken}: choose another name`)
}

/** @throws FormatError `invalid-field` */
export function checkDependencyName(name: string, field: string): void {
  if (DEPENDENCY.test(name)) return
  const rule = 'a letter or "_", then at most 63 letters, digits, "-" or "_"'
  throw invalid(field, `is not the name of a dependency: ${quote(name)} should be ${rule}`)
}

/** @throws FormatError `invalid-field` */
export function checkFeatureName(name: string, field: string): void {
  if (FEATURE.test(name)) return
  const rule = 'a letter, digit or "_", then at most 254 letters, digits, "_", "-", "+" or "."'
  throw invalid(field, `is not the name of a feature: ${quote(name)} should be ${rule}`)
}

function invalid(field: string, reason: string): FormatError {
  return new FormatError('invalid-field', `${field} ${reason}`, { field })
}
