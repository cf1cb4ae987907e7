import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { cargoUsage } from '../../../src/types/cargo/usage.ts'
import type { UsagePlace } from '../../../src/types/type.ts'

const place: UsagePlace = {
  ...{ origin: 'https://cairn.test', owner: 'acme', visibility: 'public', keyFiles: [] },
  ...{ packageName: 'Hello_World', version: '1.0.0' },
}

const linesOf = (kind: 'install' | 'publish', more: Partial<UsagePlace> = {}) =>
  cargoUsage[kind]({ ...place, ...more }).flatMap(({ snippets }) =>
    snippets.map(({ text }) => text),
  )

describe('the lines to copy', () => {
  it('name the registry, and take the crate', () => {
    expect(linesOf('install')).toEqual([
      '[registries.acme]\nindex = "sparse+https://cairn.test/api/packages/acme/cargo/"\n',
      'cargo add --registry acme Hello_World@1.0.0\n',
    ])
  })

  it('have no token in them: it is read from the environment by the program that prints it', () => {
    const login = 'printenv CAIRN_TOKEN | cargo login --registry acme\n'
    expect(linesOf('publish')[1]).toBe(login)
    expect(linesOf('install', { visibility: 'private' })[1]).toBe(login)
    expect(linesOf('install', { visibility: 'private' })[0]).toContain('provider = "cargo:token"')
  })

  it.each([
    ['a.b', 'a-b'],
    ['1st', 'r-1st'],
    ['a_b-c', 'a_b-c'],
  ])('call the registry of %s by a name that cargo takes', (owner, name) => {
    const [config = '', line] = linesOf('install', { owner })
    expect(parse(config)).toEqual({
      registries: { [name]: { index: `sparse+https://cairn.test/api/packages/${owner}/cargo/` } },
    })
    expect(line).toBe(`cargo add --registry ${name} Hello_World@1.0.0\n`)
  })
})
