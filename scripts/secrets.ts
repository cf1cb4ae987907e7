// Makes the two secrets that a deployment needs: the admin token and the key that signs indexes.
import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

/** The token comes last: it is shown once everything is stored, and a key alone can be made up for. */
export const secretNames = ['SIGNING_KEY', 'ADMIN_TOKEN'] as const
export type SecretName = (typeof secretNames)[number]

/** A new value for a secret. */
export function createSecret(name: SecretName): Promise<string> | string {
  return name === 'ADMIN_TOKEN' ? createAdminToken() : createSigningKey()
}

/** The prefix lets a secret scanner and a reader of logs see what has leaked. */
function createAdminToken(): string {
  return `cairn_admin_${randomBytes(48).toString('base64url')}`
}

/** RSA, since apk and apko agree on nothing else; 4096 bits, as abuild makes its own. */
async function createSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return privateKey
}
