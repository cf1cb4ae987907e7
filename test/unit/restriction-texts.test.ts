import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { claimRefusal, contestRefusal } from '../../src/core/access/claims.ts'
import { restrictionRefusal } from '../../src/core/access/decide.ts'
import type { TokenPrincipal } from '../../src/core/access/principal.ts'
import { refuseRestricted } from '../../src/core/access/restricted.ts'
import type { Fault } from '../../src/core/errors.ts'

// What docs/refusals.md says of restricted tokens is what the code says.

const PAGE = readFileSync(
  fileURLToPath(new URL('../../docs/refusals.md', import.meta.url).href),
  'utf8',
)
const SECTION = /^## Restricted tokens$(.*?)^## /ms.exec(PAGE)?.[1] ?? ''

const PACKAGES = ['alpine:hello*']
const token = (lists: Partial<TokenPrincipal>): TokenPrincipal => ({
  ...{ kind: 'token', id: 'id', ownerId: 'acme', scopes: ['write'] },
  ...{ repositories: null, packages: null },
  ...lists,
})
const ofPackages = token({ packages: PACKAGES })
const ofRepositories = token({ repositories: ['alpine:edge/main'] })
const victim = { name: 'victim', field: 'install_if' }

function managing(): string {
  try {
    refuseRestricted(ofPackages)
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
  }
  return 'nothing'
}

const textOf = (fault: Fault | undefined) =>
  fault !== undefined && 'detail' in fault ? fault.detail : 'nothing'

const TEXTS = [
  restrictionRefusal(ofPackages, {
    ...{ type: 'alpine', repository: 'edge/main', packageName: 'victim' },
  }),
  restrictionRefusal(ofPackages, { type: 'npm', repository: null }),
  restrictionRefusal(ofRepositories, { type: 'alpine', repository: 'edge/testing' }),
  restrictionRefusal(ofRepositories, { type: 'generic', repository: null }),
  claimRefusal(ofPackages, 'alpine', { names: [victim] }),
  contestRefusal({ type: 'alpine', property: 'p', names: ['so:libfoo.so.1'], packages: PACKAGES }, [
    { property: 'p', name: 'so:libfoo.so.1', packageName: 'foo' },
  ]),
].map(textOf)

test('the page has every text, and no other one', () => {
  const documented = [...SECTION.matchAll(/\| `(the access token [^`]*)` \|$/gm)].map(
    ([, text]) => text,
  )
  expect(documented).toEqual([...TEXTS, managing()])
})
