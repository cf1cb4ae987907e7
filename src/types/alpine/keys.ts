// The owner's public keys. They are no secret, and clients need them before they can be trusted
// with anything else: no credentials, and the same answer whether or not there is such an owner
// (but for owners with a key of their own, which the deployment admin gave them by name).
import { RegistryError } from '../../core/errors.ts'
import { findOwnerName } from '../../core/names.ts'
import { type KeySet, loadKeySet, type SigningKey } from '../../core/signing-keys.ts'
import { secretsOf } from '../../env.ts'
import type { Call, Endpoint } from '../../http/endpoint.ts'
import { type Answer, TEXT } from '../../http/operation.ts'

const KEY = '/api/packages/:owner/alpine/key'
const NAMED_KEY = '/api/packages/:owner/alpine/:keyFile{[^/]+\\.rsa\\.pub}'

const KEY_ANSWER: Answer = {
  description: 'The key; `Content-Disposition` has the name that signatures give it',
  content: { contentType: 'application/x-pem-file', schema: TEXT },
}

const EXTENSION = '.rsa.pub'

/**
 * The file in /etc/apk/keys. A signature names it, and apk looks for that name alone (apk-tools
 * src/extract_v2.c), so that a key which an operator named keeps the name that clients have.
 */
export function keyFileName({ name }: Pick<SigningKey, 'name'>): string {
  return name.endsWith(EXTENSION) ? name : `${name}${EXTENSION}`
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
    handler: async (call) => keyResponse((await keysOf(call)).keys[0]),
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
      answers: { 200: KEY_ANSWER },
      faults: ['not-found'],
    },
    handler: async (call) => {
      const { keys } = await keysOf(call)
      const key = keys.find((candidate) => keyFileName(candidate) === call.params.keyFile)
      if (key !== undefined) return keyResponse(key)
      const names = keys.map(keyFileName).join(', ')
      throw new RegistryError({ code: 'not-found', detail: `no such key: use ${names}` })
    },
  },
]

async function keysOf({ env, owner, params }: Call): Promise<KeySet> {
  const name = findOwnerName(params.owner ?? '')
  if (name !== undefined) return loadKeySet(secretsOf(env), owner?.signingKey ?? null, name)
  throw new RegistryError({ code: 'not-found', detail: 'no owner can have this name' })
}

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
