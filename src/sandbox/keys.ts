import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

/** A GitHub App's key pair as PEM text: the App signs with the private one, GitHub checks with the public one. */
export interface AppKeys {
  readonly privateKey: string
  readonly publicKey: string
}

/** Makes a fresh RSA key pair (2048 bits, as GitHub makes them); takes about 0.1 s. */
export async function generateAppKeys(): Promise<AppKeys> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
