// The owner's public keys, without credentials, under the names that apk keeps them by.
import { RegistryError } from '../../core/errors.ts'
import type { SigningKey } from '../../core/signing-keys.ts'
import type { Endpoint } from '../../http/endpoint.ts'
import { type Answer, TEXT } from '../../http/operation.ts'
import { publicKeysOf } from '../../http/owner-keys.ts'

const KEY = '/api/packages/:owner/alpine/key'
const NAMED_KEY = '/api/packages/:owner/alpine/:keyFile{[^/]+\\.rsa\\.pub}'

const KEY_ANSWER: Answer = {
  description: 'The key; `Content-Disposition` has the name that signatures give it',
  content: { contentType: 'application/x-pem-file', schema: TEXT },
}

const EXTENSION = '.rsa.pub'

/**
 * The file in /etc/apk/keys. A signature names it, and apk looks for that name alone (apk-tools
 * src/extract_v2.c).
 */
export function keyFileName({ name }: Pick<SigningKey, 'name'>): string {
  return `${name}${EXTENSION}`
}

export const keyEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: KEY,
    access: 'open',
    summary: 'The current public key of the owner, PEM SPKI',
    operation: {
      id: 'getAlpineKey',
      tag: 'alpine',
      description: 'Also for owners that do not exist, since it tells nothing of them.',
      answers: { 200: KEY_ANSWER },
      faults: ['not-found'],
    },
    handler: async (call) => keyResponse(publicKeysOf(call).keys[0]),
  },
  {
    // apko, wget and Dockerfile ADD name the file by the URL, and the name has to be that in the
    // signature (apko pkg/apk/apk/implementation.go, InitKeyring).
    method: 'GET',
    path: NAMED_KEY,
    access: 'open',
    summary: 'A public key of the owner by its file name',
    operation: {
      id: 'getAlpineKeyByName',
      tag: 'alpine',
      path: {
        keyFile: {
          ...{ type: 'string', pattern: '^[^/]+\\.rsa\\.pub$' },
          examples: ['acme@0123456789abcdef.rsa.pub'],
        },
      },
      answers: { 200: KEY_ANSWER },
      faults: ['not-found'],
    },
    handler: async (call) => {
      const { keys } = publicKeysOf(call)
      const key = keys.find((candidate) => keyFileName(candidate) === call.params.keyFile)
      if (key !== undefined) return keyResponse(key)
      const names = keys.map(keyFileName).join(', ')
      throw new RegistryError({ code: 'not-found', detail: `no such key: use ${names}` })
    },
  },
]

function keyResponse(key: SigningKey): Response {
  return new Response(key.publicPem, {
    headers: {
      'content-type': 'application/x-pem-file',
      'content-disposition': `attachment; filename="${keyFileName(key)}"`,
      'content-length': String(key.publicPem.length),
      'cache-control': 'public, no-cache',
    },
  })
}
