// PURE: what a client would rather have, by its Accept (RFC 9110 12.5.1).

/** Between 0 and 1: that of the first entry that names the type itself; undefined where none does. */
export function weightOfType(accept: string | null, type: string): number | undefined {
  for (const entry of (accept ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim())
    if (name !== type) continue
    const weight = parameters.find((each) => /^q=[\d.]+$/.test(each))
    return weight === undefined ? 1 : Number(weight.slice(2))
  }
  return undefined
}
