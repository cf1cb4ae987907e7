// How cargo sends a token, and reads what is wrong: it prints `detail`, and nothing else of a fault.
import type { Dialect, FaultRequest } from '../../http/dialect.ts'
import { formatPath } from '../../http/path.ts'

/** Also of a token that has another form than ours: without a scheme it is not looked at. */
const UNAUTHORIZED =
  'credentials needed: store an access token with "cargo login --registry NAME"; it begins with ' +
  '"cairn_", and one with a typing mistake counts as none'

export const cargoDialect: Dialect = {
  // `Authorization: TOKEN`, without a scheme.
  credentials: ['bare'],
  contentType: 'application/json',
  challenge: (request) => {
    const basic = 'Basic realm="cairn", charset="UTF-8"'
    const page = loginPage(request)
    return page === undefined ? basic : `Cargo login_url="${page}", ${basic}`
  },
  fault: (fault, { text }) => {
    const detail = fault.code === 'unauthorized' ? UNAUTHORIZED : text
    return { members: { ok: false, errors: [{ detail }] } }
  },
}

/** Where people make tokens, for `cargo login`; undefined where the path names no owner. */
function loginPage({ origin, pathname }: FaultRequest): string | undefined {
  const [, owner] = /^\/api\/packages\/([A-Za-z0-9._-]+)\//.exec(pathname) ?? []
  return owner === undefined ? undefined : origin + tokensPath(owner)
}

export function tokensPath(owner: string): string {
  return formatPath(owner, '-', 'manage')
}
