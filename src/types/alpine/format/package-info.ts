// What a package says of itself: the fields of .PKGINFO, and what was found beside them.
import type { PackageSignature } from './package-head.ts'

/** The fields of .PKGINFO that Cairn reads. */
export interface PackageInfo {
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly description: string
  readonly url: string
  readonly license: string
  /** Bytes once installed, as declared: 0 where the producer says nothing. */
  readonly installedSize: number
  /** Unix seconds. */
  readonly buildTime?: number
  readonly origin?: string
  readonly maintainer?: string
  readonly packager?: string
  readonly commit?: string
  readonly providerPriority?: number
  readonly depends: readonly string[]
  readonly provides: readonly string[]
  readonly installIf: readonly string[]
  readonly replaces: readonly string[]
  readonly triggers: readonly string[]
  /** SHA-256 of the compressed data segment, lower-case hex. */
  readonly dataHash: string
}

/** What is known of a package once it was read to its end. */
export interface InspectedPackage {
  readonly info: PackageInfo
  /** `Q1` and base64 of the SHA-1 of the compressed control member: `C:` of an index. */
  readonly identity: string
  /** Bytes of the whole file. */
  readonly fileSize: number
  /** Bytes once installed, never 0 for a package with anything in it. */
  readonly installedSize: number
  /** Carried by the file and not verified: only clients hold the keys. */
  readonly signatures: readonly PackageSignature[]
  /** Names of the scripts, without the dot, in their order in the file. */
  readonly scripts: readonly string[]
}
