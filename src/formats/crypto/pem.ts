// Parses and writes PEM (RFC 7468). It is strict except for line ends, which may be newlines, CRLF, or
// the two characters \n that an environment variable makes of a newline. Refuses encrypted keys,
// headers, and anything but exactly one block.
import { fromBase64, toBase64 } from '../bytes.ts'
import { FormatError, quote } from '../format-error.ts'

export interface PemBlock {
  /** The text between BEGIN and the dashes, such as `PRIVATE KEY`. */
  readonly label: string
  readonly bytes: Uint8Array
}

const maxText = 64 * 1024
const lineLength = 64

/**
 * Parses the one block in the text. Blank space around it is allowed.
 * @throws FormatError `malformed`; the message never repeats the text, which may be a secret
 */
export function parsePem(text: string): PemBlock {
  if (text.length > maxText) throw malformed(`it is longer than ${maxText} characters`)
  const lines = text
    .replaceAll(/\\r\\n|\\n|\r\n|\r/g, '\n')
    .trim()
    .split('\n')
    .map((line) => line.trim())
  const label = /^-----BEGIN ([A-Z0-9 ]+)-----$/.exec(lines[0] ?? '')?.[1]
  if (label === undefined) throw malformed('it does not begin with a line "-----BEGIN …-----"')
  if (lines.at(-1) !== `-----END ${label}-----`) {
    throw malformed(`it does not end with the line ${quote(`-----END ${label}-----`)}`)
  }
  const body = lines.slice(1, -1)
  if (label.includes('ENCRYPTED') || body.some((line) => line.startsWith('Proc-Type:'))) {
    throw new FormatError('unsupported', 'the key is encrypted: remove its passphrase first')
  }
  const bytes = fromBase64(body.join(''))
  if (bytes === undefined || bytes.length === 0) throw malformed('its body is not base64')
  return { label, bytes }
}

/** Writes the block with 64 characters a line and a newline at its end. */
export function formatPem({ label, bytes }: PemBlock): string {
  const base64 = toBase64(bytes)
  const lines = [`-----BEGIN ${label}-----`]
  for (let start = 0; start < base64.length; start += lineLength) {
    lines.push(base64.slice(start, start + lineLength))
  }
  return `${[...lines, `-----END ${label}-----`].join('\n')}\n`
}

function malformed(reason: string): FormatError {
  return new FormatError('malformed', `the key is not in PEM format: ${reason}`)
}
