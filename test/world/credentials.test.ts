import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { readCredentials } from '../../src/world/credentials.ts'

const KEY = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey
const ENV = { APP_ID: '4711', PRIVATE_KEY: KEY, WEBHOOK_SECRET: 'a secret of the tests' }

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readCredentials(env)
    return []
  } catch (error) {
    if (error instanceof InputError) return error.faults
    throw error
  }
}

describe('what berth serve reads from its environment', () => {
  test('the least that it takes', () => {
    expect(readCredentials(ENV)).toEqual({
      appId: 4711,
      privateKey: KEY,
      webhookSecret: ENV.WEBHOOK_SECRET,
      client: null,
      apiUrl: null,
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://127.0.0.1:3000',
      logLevel: 'info',
    })
  })

  test('what is set to nothing is not set: no open port on every address, no address that GitHub refuses', () => {
    const empty = { HOST: '', PORT: '', BERTH_URL: '', GHE_HOST: '', GHE_PROTOCOL: '', LOG_LEVEL: '' }
    expect(readCredentials({ ...ENV, ...empty })).toEqual(readCredentials(ENV))
    expect(readCredentials({ ...ENV, GHE_HOST: 'git.example.org', GHE_PROTOCOL: '' }).apiUrl).toBe(
      'https://git.example.org/api/v3',
    )
  })

  test('every fault at once, each naming its variable', () => {
    const names = faultsOf({ PORT: '70000', BERTH_URL: 'x', LOG_LEVEL: 'loud' }).map((text) =>
      text.slice(0, text.indexOf(' ')),
    )
    expect(names).toEqual(['PORT', 'APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET', 'BERTH_URL', 'LOG_LEVEL'])
  })

  test.each(['berth.example.org', 'ftp://berth.example.org', 'https://', 'https://x?y', 'localhost:3000'])(
    'R-REP-08 BERTH_URL %s is refused: GitHub would take no check run',
    (url) => {
      expect(faultsOf({ ...ENV, BERTH_URL: url })).toEqual([expect.stringContaining(`and is ${url}`)])
    },
  )

  test('an address of a run has one slash, and an IPv6 host its brackets', () => {
    expect(readCredentials({ ...ENV, BERTH_URL: 'https://berth.example.org/' }).publicUrl).toBe(
      'https://berth.example.org',
    )
    expect(readCredentials({ ...ENV, HOST: '::1' }).publicUrl).toBe('http://[::1]:3000')
  })

  test.each(['https://git.example.org', 'git.example.org/', 'a b', 'user@git.example.org'])(
    'GHE_HOST %s is refused',
    (host) => {
      expect(faultsOf({ ...ENV, GHE_HOST: host })).toEqual([expect.stringContaining('GHE_HOST must be')])
    },
  )

  test('a scheme, a number, a port, a level and a secret that cannot be', () => {
    expect(faultsOf({ ...ENV, GHE_HOST: 'x', GHE_PROTOCOL: 'ssh' })).toHaveLength(1)
    for (const APP_ID of ['x', '0', '1.5', '-3', '1e3']) expect(faultsOf({ ...ENV, APP_ID })).toHaveLength(1)
    for (const PORT of ['x', '65536', '-1', '0x10']) expect(faultsOf({ ...ENV, PORT })).toHaveLength(1)
    expect(faultsOf({ ...ENV, LOG_LEVEL: 'verbose' })).toEqual([expect.stringContaining('trace, debug')])
    expect(faultsOf({ ...ENV, WEBHOOK_SECRET: 'development' })).toHaveLength(1)
  })

  test('a key in one line, in base64 and in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-key-'))
    const file = join(folder, 'key.pem')
    writeFileSync(file, KEY)
    const { PRIVATE_KEY: _, ...without } = ENV
    expect(readCredentials({ ...ENV, PRIVATE_KEY: KEY.replaceAll('\n', '\\n') }).privateKey).toBe(KEY)
    expect(readCredentials({ ...ENV, PRIVATE_KEY: Buffer.from(KEY).toString('base64') }).privateKey).toBe(KEY)
    expect(readCredentials({ ...without, PRIVATE_KEY_PATH: file }).privateKey).toBe(KEY)
    rmSync(folder, { recursive: true })
  })

  test('what is no key is said at the start, and not at the first webhook; and is not repeated', () => {
    expect(faultsOf({ ...ENV, PRIVATE_KEY: 'garbage' })).toEqual([
      expect.stringMatching(/^PRIVATE_KEY is not/),
    ])
    const { PRIVATE_KEY: _, ...without } = ENV
    expect(faultsOf({ ...without, PRIVATE_KEY_PATH: '/dev/null' })).toEqual([
      expect.stringMatching(/^PRIVATE_KEY_PATH is not/),
    ])
    expect(faultsOf({ ...ENV, PRIVATE_KEY: 'c2VjcmV0' }).join()).not.toContain('secret:')
  })
})
