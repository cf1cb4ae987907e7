// Makes the two secrets that a deployment needs: the admin token and the key that signs indexes.
import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

/** The token comes last. It is shown once everything is stored, and a run that stored the key alone can be repeated. */
export const secretNames = ['SIGNING_KEY', 'ADMIN_TOKEN'] as const
export type SecretName = (typeof secretNames)[number]

/** Makes a new value for a secret. */
export function createSecret(name: SecretName): Promise<string> | string {
  return name === 'ADMIN_TOKEN' ? createAdminToken() : createSigningKey()
}

/** The prefix tells secret scanners and readers of logs what has leaked. */
function createAdminToken(): string {
  return `cairn_admin_${randomBytes(48).toString('base64url')}`
}

/** The key is RSA, the only kind that apk and apko both accept, with 4096 bits, as abuild's keys have. */
async function createSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return privateKey
}
