import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { InputError, messageOf } from '../errors.ts'

/** What `serve` needs to know of GitHub; Probot's own names (design section 6). */
export interface Credentials {
  readonly appId: number
  readonly privateKey: string
  readonly webhookSecret: string
  /** The App's client, for signing in with GitHub; null = nobody can. */
  readonly client: { readonly id: string; readonly secret: string } | null
  /** REST's base address; null = github.com. */
  readonly apiUrl: string | null
  readonly host: string
  readonly port: number
  /** Where people reach the service's pages, without a slash at its end; goes into check runs. */
  readonly publicUrl: string
  readonly logLevel: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** The environment's texts by name; what is set to nothing is not set. */
type Texts = (name: string) => string | null

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/**
 * Reads the environment. The webhook secret has no default: Probot's is a public word, and whoever knows it can start runs.
 * @throws InputError with every fault at once
 */
export function readCredentials(env: Environment): Credentials {
  const faults: string[] = []
  const text: Texts = (name) => (env[name] === '' ? null : (env[name] ?? null))
  const host = text('HOST') ?? '127.0.0.1'
  const port = readPort(text, faults)
  const credentials = {
    appId: readAppId(text, faults),
    privateKey: readKey(text, faults),
    webhookSecret: readSecret(text, faults),
    client: readClient(text, faults),
    apiUrl: readApiUrl(text, faults),
    host,
    port,
    publicUrl: readPublicUrl(text, faults) ?? `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    logLevel: readLogLevel(text, faults),
  }
  if (faults.length > 0) throw new InputError('berth serve cannot start', faults)
  return credentials
}

function readAppId(text: Texts, faults: string[]): number {
  const given = text('APP_ID')
  if (given === null) faults.push("APP_ID is not set: the App's number, from its settings page")
  else if (!/^[1-9]\d*$/.test(given)) faults.push(`APP_ID must be a number, and is ${given}`)
  return Number(given)
}

function readSecret(text: Texts, faults: string[]): string {
  const secret = text('WEBHOOK_SECRET')
  if (secret === null)
    faults.push(
      'WEBHOOK_SECRET is not set: the word that you gave the App as its webhook secret; make one with: openssl rand -hex 32',
    )
  if (secret === 'development')
    faults.push('WEBHOOK_SECRET is "development", which everybody knows; make another')
  return secret ?? ''
}

function readClient(text: Texts, faults: string[]): Credentials['client'] {
  const [id, secret] = [text('GITHUB_CLIENT_ID'), text('GITHUB_CLIENT_SECRET')]
  if ((id === null) !== (secret === null))
    faults.push('GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET belong together: set both, or neither')
  return id === null || secret === null ? null : { id, secret }
}

function readPort(text: Texts, faults: string[]): number {
  const given = text('PORT') ?? '3000'
  if (!/^\d{1,5}$/.test(given) || Number(given) > 65_535)
    faults.push(`PORT must be 0 to 65535, and is ${given}`)
  return Number(given)
}

/** A scheme or a path in GHE_HOST would make an address that nobody answers at. */
export function readApiUrl(text: Texts, faults: string[]): string | null {
  const [host, protocol] = [text('GHE_HOST'), text('GHE_PROTOCOL') ?? 'https']
  if (host === null) return null
  if (protocol !== 'https' && protocol !== 'http')
    faults.push(`GHE_PROTOCOL must be https or http, and is ${protocol}`)
  else if (!/^[^\s/?#@]+$/.test(host) || !URL.canParse(`${protocol}://${host}`))
    faults.push(`GHE_HOST must be a host such as github.example.org, without https://, and is ${host}`)
  return `${protocol}://${host}/api/v3`
}

/** GitHub refuses a check run whose address is of another scheme, so that no run would ever be seen. */
function readPublicUrl(text: Texts, faults: string[]): string | null {
  const given = text('BERTH_URL')
  if (given === null) return null
  const protocol = URL.parse(given)?.protocol
  if (!/^https?:\/\/[^?#]+$/i.test(given) || (protocol !== 'https:' && protocol !== 'http:'))
    faults.push(`BERTH_URL must be an address such as https://berth.example.org, and is ${given}`)
  return given.replace(/\/+$/, '')
}

function readLogLevel(text: Texts, faults: string[]): string {
  const level = text('LOG_LEVEL') ?? 'info'
  if (!LOG_LEVELS.some((known) => known === level))
    faults.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}, and is ${level}`)
  return level
}

function readKey(text: Texts, faults: string[]): string {
  const [inline, path] = [text('PRIVATE_KEY'), text('PRIVATE_KEY_PATH')]
  if (inline === null && path === null) {
    faults.push('PRIVATE_KEY or PRIVATE_KEY_PATH is not set: the App’s private key, as GitHub gave it (.pem)')
    return ''
  }
  const name = inline === null ? 'PRIVATE_KEY_PATH' : 'PRIVATE_KEY'
  try {
    const key = inline === null ? readFileSync(path ?? '', 'utf8') : unpacked(inline)
    createPrivateKey(key)
    return key
  } catch (error) {
    faults.push(`${name} is not the App’s private key, as GitHub gave it (.pem): ${messageOf(error)}`)
    return ''
  }
}

/** A key in one line: with `\n` for its line ends, or in base64. */
function unpacked(inline: string): string {
  if (inline.includes('-----BEGIN')) return inline.replaceAll('\\n', '\n')
  return Buffer.from(inline, 'base64').toString('utf8')
}
