import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../../test-concurrency/fixtures/until.ts'
import { BERTH, type Desk, desk } from './fixtures/desk.ts'
import { atTerminal, HAS_TERMINAL } from './fixtures/terminal.ts'

const RUN = '01k00000000000a1'
const TIME_MS = 120_000

async function busyDesk(): Promise<Desk> {
  const here = desk()
  expect(here.started('locks', 'hold', 'r:port-1', '--reason', 'the printer is out', '--for', '10m')).toBe(0)
  onTestFinished(() => void here.started('locks', 'release', 'r:port-1', '--reason', 'over'), TIME_MS)
  await here.queue(RUN, { actor: 'octo\u001b[31mcat' })
  return here
}

test.skipIf(!HAS_TERMINAL)(
  'R-OBS-05 berth watch shows the lanes and the queue in the alternate screen, follows them, and q gives the terminal back',
  {
    timeout: TIME_MS,
  },
  async () => {
    const here = await busyDesk()
    await using person = atTerminal([BERTH, 'watch', '--every', '50ms'], here.env, [100, 20])
    const seen = await person.sees('the printer is out')
    expect(person.isAlternate()).toBe(true)
    expect(seen).toMatch(/r:port-1 +busy/)
    expect(seen).toContain(RUN)
    expect(person.screen()[19]).toContain('q leaves')

    expect(await here.berth('locks', 'release', 'r:port-1', '--reason', 'mended')).toMatchObject({
      status: 0,
    })
    await until('the name to be free', () => !person.screen().join('\n').includes('the printer is out'))

    person.resize(50, 12)
    await until('a picture of the new size', () => {
      const lines = person.screen()
      return lines[11]?.startsWith('q leaves') && lines.filter((line) => line.includes(RUN)).length === 1
    })
    expect(person.screen().filter((line) => /^(berth ·|NAME|RUN)/.test(line))).toHaveLength(3)

    person.type('q')
    expect(await person.ended).toEqual({ code: 0, restored: true })
    expect(person.isAlternate()).toBe(false)
    expect(person.raw().endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true)
  },
)

test.skipIf(!HAS_TERMINAL).each([
  { how: 'Ctrl-C', keys: '\u0003', signal: 0, code: 0 },
  { how: 'SIGINT', keys: '', signal: 2, code: 0 },
  { how: 'SIGTERM', keys: '', signal: 15, code: 143 },
  { how: 'an error under way', keys: '', signal: 0, code: 70 },
])('R-OBS-05 $how gives the terminal back', { timeout: TIME_MS }, async ({ keys, signal, code, how }) => {
  const here = desk()
  await using person = atTerminal([BERTH, 'watch', '--every', '50ms'], here.env)
  await person.sees('No name is in use')
  if (keys !== '') person.type(keys)
  if (signal !== 0) person.signal(signal)
  if (how === 'an error under way') writeFileSync(here.state.database, 'no database at all, but long enough')
  expect(await person.ended).toEqual({ code, restored: true })
  expect(person.isAlternate()).toBe(false)
  if (code === 70) expect(person.screen().join('\n')).toContain('berth: ')
})

test('R-OBS-05 without a terminal berth watch prints a line for each change, harmless ones, and ends with its reader', {
  timeout: TIME_MS,
}, async () => {
  const here = await busyDesk()
  const watch = spawn(BERTH, ['watch', '--every', '20ms'], {
    env: { PATH: process.env['PATH'], ...here.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void watch.kill('SIGKILL'))
  let told = ''
  watch.stdout.on('data', (bytes: Buffer) => (told += bytes.toString('utf8')))
  await until('the first lines', () => told.includes(RUN))
  expect(told).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d r:port-1: busy, .*by hand: the printer is out/m)
  expect(await here.berth('locks', 'release', 'r:port-1', '--reason', 'mended')).toMatchObject({ status: 0 })
  await until('the release', () => /r:port-1: free, waiting 1: /.test(told)).catch((error: unknown) => {
    throw new Error(told, { cause: error })
  })
  expect(told.split('\n').filter((line) => line.includes('printer'))).toHaveLength(1)
  expect(told).not.toContain('\u001b')
  watch.stdout.destroy()
  await here.queue('01k00000000000a2', { domain: 'other.ci.test', names: ['other.ci.test'] })
  expect(await once(watch, 'exit')).toEqual([0, null])
})
