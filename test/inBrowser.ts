import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { describe } from 'vitest'

const CHROMIUM = '/usr/bin/chromium'

/** Where there is no browser nothing is claimed: the tests say that they were skipped. In CI there has to be one. */
export const describeInBrowser = describe.skipIf(!existsSync(CHROMIUM) && process.env['CI'] === undefined)

/** The caller closes it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
}
