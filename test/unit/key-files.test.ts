import { expect, it } from 'vitest'
import { keyFileName, keyFilesByType } from '../../src/types/registration.ts'

// The names under which clients of each type keep an owner's public keys.

const keys = [{ name: 'acme@2222222222222222' }, { name: 'acme@1111111111111111' }]

it('are those of each type that has keys, the current one first, and each once', () => {
  const types = [
    { type: 'apt', keyFileName: () => 'repository.key' },
    { type: 'plain' },
    { type: 'signed', keyFileName: ({ name }: { readonly name: string }) => `${name}.pub` },
  ]
  expect(keyFilesByType(keys, types)).toEqual({
    apt: ['repository.key'],
    signed: ['acme@2222222222222222.pub', 'acme@1111111111111111.pub'],
  })
})

it('are those of Alpine where there is one name for all types', () => {
  expect(keyFilesByType(keys)).toEqual({ alpine: keys.map(keyFileName) })
})
