import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import type { StandInOptions } from './github/server.ts'

const NEEDED = ['WEBHOOK_URL', 'WEBHOOK_SECRET', 'APP_ID', 'APP_PUBLIC_KEY_PATH', 'DATA_DIR'] as const
const MOST_PORT = 65_535

/** What the environment says of a stand-in. Throws an `InputError` that names all that is wrong with it. */
export async function optionsFrom(environment: NodeJS.ProcessEnv): Promise<Omit<StandInOptions, 'log'>> {
  const text = (name: string) => environment[name] ?? ''
  const port = Number(environment['PORT'] ?? '0')
  const faults = [
    ...NEEDED.filter((name) => text(name) === '').map((name) => `${name} is not set`),
    ...(isPort(port) ? [] : [`PORT must be 0 to ${MOST_PORT}, and is ${text('PORT')}`]),
    ...(URL.canParse(text('WEBHOOK_URL')) ? [] : ['WEBHOOK_URL must be a URL']),
    ...(/^[1-9]\d*$/.test(text('APP_ID')) ? [] : ['APP_ID must be a number']),
  ]
  if (faults.length > 0) throw new InputError('The stand-in for GitHub cannot start', faults)
  return {
    port,
    host: '127.0.0.1',
    webhookUrl: text('WEBHOOK_URL'),
    webhookSecret: text('WEBHOOK_SECRET'),
    appId: Number(text('APP_ID')),
    appPublicKey: await publicKeyIn(text('APP_PUBLIC_KEY_PATH')),
    dataDir: text('DATA_DIR'),
    ...oauthIn(text),
  }
}

/** The App's client secret, and where GitHub sends browsers back to. */
function oauthIn(text: (name: string) => string): Pick<StandInOptions, 'oauth'> {
  const [secret, callbackUrl] = [text('CLIENT_SECRET'), text('CALLBACK_URL')]
  return secret === '' ? {} : { oauth: { secret, callbackUrl } }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= MOST_PORT
}

async function publicKeyIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new InputError(
      'The stand-in for GitHub cannot start',
      [`APP_PUBLIC_KEY_PATH ${path} cannot be read`],
      {
        cause: error,
      },
    )
  }
}
