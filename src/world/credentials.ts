import { readFileSync } from 'node:fs'
import { InputError, messageOf } from '../errors.ts'

/** What `serve` needs to know of GitHub; Probot's own names (design section 6). */
export interface Credentials {
  readonly appId: number
  readonly privateKey: string
  readonly webhookSecret: string
  /** REST's base address; null = github.com. */
  readonly apiUrl: string | null
  readonly host: string
  readonly port: number
  /** Where people reach the service's pages; goes into check runs. */
  readonly publicUrl: string
}

/**
 * Reads the environment. The webhook secret has no default: Probot's is a public word, and whoever knows it can start runs.
 * @throws InputError with every fault at once
 */
export function readCredentials(env: NodeJS.ProcessEnv): Credentials {
  const faults: string[] = []
  const text = (name: string) => env[name] ?? ''
  const need = (name: string, what: string) => {
    if (text(name) === '') faults.push(`${name} is not set: ${what}`)
    return text(name)
  }
  const appId = Number(need('APP_ID', "the App's number, from its settings page"))
  if (text('APP_ID') !== '' && !(Number.isInteger(appId) && appId > 0))
    faults.push(`APP_ID must be a number, and is ${text('APP_ID')}`)
  const webhookSecret = need(
    'WEBHOOK_SECRET',
    'the word that you gave the App as its webhook secret; make one with: openssl rand -hex 32',
  )
  if (webhookSecret === 'development')
    faults.push('WEBHOOK_SECRET is "development", which everybody knows; make another')
  const port = Number(env['PORT'] ?? 3000)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    faults.push(`PORT must be 0 to 65535, and is ${text('PORT')}`)
  const privateKey = readKey(text('PRIVATE_KEY'), text('PRIVATE_KEY_PATH'), faults)
  if (faults.length > 0) throw new InputError('berth serve cannot start', faults)
  const host = env['HOST'] ?? '127.0.0.1'
  const apiUrl =
    text('GHE_HOST') === '' ? null : `${env['GHE_PROTOCOL'] ?? 'https'}://${text('GHE_HOST')}/api/v3`
  return {
    appId,
    privateKey,
    webhookSecret,
    apiUrl,
    host,
    port,
    publicUrl: env['BERTH_URL'] ?? `http://${host}:${port}`,
  }
}

function readKey(inline: string, path: string, faults: string[]): string {
  if (inline !== '')
    return inline.includes('-----BEGIN')
      ? inline.replaceAll('\\n', '\n')
      : Buffer.from(inline, 'base64').toString('utf8')
  if (path === '') {
    faults.push('PRIVATE_KEY or PRIVATE_KEY_PATH is not set: the App’s private key, as GitHub gave it (.pem)')
    return ''
  }
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    faults.push(`PRIVATE_KEY_PATH: ${messageOf(error)}`)
    return ''
  }
}
