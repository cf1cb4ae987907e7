// Scripts of a package, as far as the kernel looks at them (Linux fs/binfmt_script.c): one that it
// cannot start fails at the client, and apk then ends every later command with 1.
import type { TarReader } from '../../../formats/archive/tar.ts'
import { concatBytes, decodeLatin1 } from '../../../formats/bytes.ts'
import { FormatError, quote } from '../../../formats/format-error.ts'

/** Of a script the kernel reads as much to find its interpreter, and one byte that ends it. */
const readByKernel = 255

/**
 * Reads the beginning of the entry that `tar` gave last.
 * @param name of the script, with its dot
 * @throws FormatError `malformed`
 */
export async function checkScript(tar: TarReader, name: string): Promise<void> {
  const start = decodeLatin1(await readStart(tar))
  if (start.startsWith('\x7fELF')) return
  const reason = explain(start)
  if (reason === undefined) return
  throw new FormatError('malformed', `the script ${quote(name)} ${reason}`)
}

async function readStart(tar: TarReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of tar.chunks()) {
    parts.push(chunk)
    length += chunk.length
    if (length > readByKernel) break
  }
  return concatBytes(parts).subarray(0, readByKernel + 1)
}

function explain(start: string): string | undefined {
  if (!start.startsWith('#!')) {
    const found = start === '' ? 'is empty' : 'does not begin with "#!"'
    return `${found}, so that no kernel runs it: begin it with #!/bin/sh`
  }
  const newline = start.indexOf('\n')
  const line = newline < 0 ? start : start.slice(0, newline)
  if (line.includes('\r')) {
    return 'has a carriage return in its first line, which becomes part of the name of its interpreter: write LF line ends, not CR LF'
  }
  const [beginning = '', interpreter = ''] = /^#![ \t]*([^ \t\0]*)/.exec(line) ?? []
  if (interpreter === '') return 'names no interpreter after its "#!": begin it with #!/bin/sh'
  if (beginning.length <= readByKernel) return undefined
  return `has an interpreter that goes beyond the ${readByKernel} bytes that the kernel reads: shorten its first line`
}
