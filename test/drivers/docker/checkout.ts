import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { copySources, type PlacedRefusal, type Sources } from '../../../src/drivers/docker/sources.ts'
import { DEFAULT_ALLOW } from '../../../src/model/enginePolicy/allow.ts'

/** A checkout with these files, and a folder for copies that is not there yet. */
export interface Checkout {
  readonly root: string
  readonly checkout: string
  readonly into: string
  /** Outside the checkout; another user's business. */
  readonly secret: string
}

export const SECRET = 'TOP=secret of the host\n'

export function checkoutOf(files: Readonly<Record<string, string>>): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'berth-checkout-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const checkout = join(root, 'work')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(checkout, name)), { recursive: true })
    writeFileSync(join(checkout, name), text)
  }
  writeFileSync(join(root, 'secret'), SECRET)
  return { root, checkout, into: join(root, 'copies'), secret: join(root, 'secret') }
}

export function sourcesOf(
  { checkout, into }: Checkout,
  ...files: readonly string[]
): Sources | { readonly refusals: readonly PlacedRefusal[] } {
  return copySources(checkout, files.length === 0 ? ['compose.yml'] : files, into, {
    allow: DEFAULT_ALLOW,
    isFork: false,
  })
}

/** Sources that have no fault. */
export function goodSources(checkout: Checkout, ...files: readonly string[]): Sources {
  const sources = sourcesOf(checkout, ...files)
  if ('refusals' in sources) throw new Error(lines(sources).join('\n'))
  return sources
}

/** `file:line: key: text` of each refusal. */
export function lines(result: object): readonly string[] {
  const refusals = 'refusals' in result ? (result.refusals as readonly PlacedRefusal[]) : []
  return refusals.map(({ file, line, key, text }) => `${file}:${line}: ${key}: ${text}`)
}

/** A client that can resolve a file; those before 23.0 cannot. */
export const HAS_DOCKER = /^ +config /m.test(
  spawnSync('docker', ['stack', '--help'], { encoding: 'utf8' }).stdout ?? '',
)

/** What the real client makes of sources; it needs no engine for that. */
export function stackConfig(files: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const words = files.flatMap((file) => ['-c', file])
  const { status, stdout, stderr } = spawnSync('docker', ['stack', 'config', ...words], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}
