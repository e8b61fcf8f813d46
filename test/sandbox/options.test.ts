import { expect, test } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { optionsFrom } from '../../src/sandbox/options.ts'

async function faultsOf(environment: Record<string, string>): Promise<readonly string[]> {
  const error = await optionsFrom(environment).catch((reason: unknown) => reason)
  if (error instanceof InputError) return error.faults
  throw new Error('the environment was accepted', { cause: error })
}

test('everything that is wrong with the environment of the stand-in is named at once', async () => {
  expect(await faultsOf({ WEBHOOK_URL: 'nonsense', PORT: '99999', APP_ID: 'x', DATA_DIR: '/tmp' })).toEqual([
    'WEBHOOK_SECRET is not set',
    'APP_PUBLIC_KEY_PATH is not set',
    'PORT must be 0 to 65535, and is 99999',
    'WEBHOOK_URL must be a URL',
    'APP_ID must be a number',
  ])
})

test('a key that cannot be read is named with its path', async () => {
  const faults = await faultsOf({
    WEBHOOK_URL: 'http://127.0.0.1:3000/',
    WEBHOOK_SECRET: 's',
    APP_ID: '1',
    APP_PUBLIC_KEY_PATH: '/nowhere/app.pem',
    DATA_DIR: '/tmp',
  })
  expect(faults).toEqual(['APP_PUBLIC_KEY_PATH /nowhere/app.pem cannot be read'])
})
