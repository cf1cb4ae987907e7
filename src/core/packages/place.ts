// Where packages are.

/** Whose packages, of which type. */
export interface PackagePlace {
  readonly ownerId: string
  readonly type: string
}
