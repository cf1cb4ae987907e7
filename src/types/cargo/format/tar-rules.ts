// The tar archives that cargo unpacks (the tar crate, and src/sources/registry of cargo): files and folders
// alone. What the tar crate reads otherwise than others is refused, so that what was checked is what is built.
import { type Extensions, nameOf, type TarRules } from '../../../formats/archive/tar-entry.ts'
import type { TarBlock } from '../../../formats/archive/tar-header.ts'
import { malformed, quote } from '../../../formats/format-error.ts'

export const crateTarRules: TarRules = {
  checkFormat: () => undefined,
  checkNumbers: () => undefined,
  checkEntry,
  checkGlobalRecords,
}

const REMEDY = 'package it with cargo'

function checkEntry(header: TarBlock, extensions: Extensions, where: string): void {
  const name = nameOf(header, extensions)
  if (!['0', '\0', '5'].includes(header.flag)) {
    throw malformed(
      `${quote(name)} is no file and no folder`,
      `cargo unpacks nothing else, ${REMEDY}`,
    )
  }
  // A folder to some and a file to others.
  if (header.flag !== '5' && name.endsWith('/')) {
    throw malformed(`${quote(name)} has a slash at its end and is no folder`, REMEDY)
  }
  // The tar crate takes a field for a part of the name only after the magic of ustar to the letter.
  if (header.prefixed && !header.exactMagic) {
    throw malformed(`${where} has a name that readers put together differently`, REMEDY)
  }
  if (header.timesInPrefix && header.format === 'ustar') {
    throw malformed(
      `${where} has times in its header, which some take for a part of its name`,
      REMEDY,
    )
  }
  const size = extensions.pax.get('size')
  if (size === undefined || Number(size) === header.size) return
  throw malformed(`${where} has another size in its pax header`, 'leave out one of them')
}

/** Cargo takes a global header for an entry, and refuses the crate. */
function checkGlobalRecords(_: ReadonlyMap<string, string>, where: string): void {
  throw malformed(`${where} has a global pax header, which cargo refuses`, REMEDY)
}
