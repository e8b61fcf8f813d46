import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { sharedFolder } from '../src/secrets/places.ts'
import { parkAtBoot } from './fixtures/boot.ts'
import { injectOn, killAll } from './fixtures/crash.ts'
import { ENCODE, filesWith, SECRET, shownIn, TELLS_ALL } from './fixtures/hidden.ts'
import { HAS_STRACE, IS_ROOT } from './fixtures/needs.ts'
import type { Run } from './fixtures/run.ts'
import { test } from './fixtures/test.ts'
import { beUnknown } from './fixtures/users.ts'
import { GATE, type World } from './fixtures/world.ts'

const TEARDOWN = 'cat "$BERTH_SECRETS/KEY" >"$TRACE.teardown" || echo none >"$TRACE.teardown"'

describe('SIGKILL of everything in the middle of a stage', () => {
  test('R-RUN-17 R-JAN-01 the janitor’s sweep leaves no secret behind; its teardown has had it', async ({
    world,
  }) => {
    const { run, place } = await killedInside(world)
    expect(filesWith(world)).toEqual([join(place, 'KEY')])
    await world.berth('janitor').endedWith(10)
    expect(existsSync(place)).toBe(false)
    expect(filesWith(world)).toEqual([])
    expect(readFileSync(join(world.root, 'trace.teardown'), 'utf8')).toBe(SECRET)
    expect(run.result()).toMatchObject({ verified: true })
    await world.berth('janitor').endedWith(0)
  })

  test('R-RUN-17 R-RUN-04 after a reboot, with a secret that the operator has taken away: teardown runs all the same, and says so', async ({
    world,
  }) => {
    const { run, place, file } = await killedInside(world)
    rmSync(place, { recursive: true })
    rmSync(file)
    await world.berth('janitor').endedWith(10)
    expect(readFileSync(join(world.root, 'trace.teardown'), 'utf8')).toBe('none\n')
    expect(run.result()).toMatchObject({ verified: true })
    expect(logOf(run, 'teardown.log')).toMatch(/^\[berth: teardown goes on without a secret: .*KEY: missing/)
    expect(existsSync(place)).toBe(false)
  })
})

test.skipIf(!HAS_STRACE)(
  'R-RUN-17 R-RUN-08 the run process is SIGKILLed over the first byte of a secret that it places: no stage begins, teardown has it, and nothing stays (strace)',
  async ({ world }) => {
    world.secret('KEY', SECRET)
    world.recipe('app', { secrets: { KEY: {} }, teardown: TEARDOWN })
    const boot = parkAtBoot(world)
    const run = await world.run('app')
    const { pid } = await boot.reached()
    boot.open()
    await injectOn(world, pid, join(placeOf(world, run), 'KEY'), 'write:signal=KILL:when=1')
    boot.go()
    await run.cli.endedWith(70)
    expect(run.count('process.started')).toBe(2)
    expect(run.count('stage.started')).toBe(0)
    expect(run.result()).toMatchObject({ verified: true })
    expect(readFileSync(join(world.root, 'trace.teardown'), 'utf8')).toBe(SECRET)
    expect(existsSync(placeOf(world, run))).toBe(false)
  },
)

test('R-RUN-17 a stage that tells its secret in every form, in pieces: no file of the run has it, and `berth run` and `berth logs` show none', async ({
  world,
}) => {
  world.secret('KEY', `${SECRET}\n`)
  const inside = world.gate('inside')
  world.recipe('app', {
    secrets: { KEY: {} },
    stages: { tell: `${TELLS_ALL}; ${GATE} inside`, red: 'echo "$(cat "$BERTH_SECRETS/KEY")" >&2; exit 3' },
    teardown: 'cat "$BERTH_SECRETS/KEY"; env >"$TRACE.env"',
  })
  writeFileSync(join(world.recipeFolder('app'), 'encode.mjs'), ENCODE)
  const run = await world.run('app')
  const { pid } = await inside.reached()
  for (const file of ['cmdline', 'environ'])
    expect(shownIn(readFileSync(`/proc/${pid}/${file}`, 'latin1'))).toEqual([])
  inside.go()
  await run.cli.endedWith(1)
  expect(filesWith(world)).toEqual([])
  const logs = ['01-tell.log', '02-red.log', 'teardown.log'].map((name) => logOf(run, name))
  expect(logs.map((text) => text.includes('***'))).toEqual([true, true, true])
  const told = world.berth('logs', run.id)
  await told.endedWith(0)
  for (const text of [...logs, told.output(), run.cli.output()]) expect(shownIn(text)).toEqual([])
  expect(readFileSync(join(world.root, 'trace.env'), 'utf8')).toMatch(/^BERTH_SECRETS=/m)
  expect(existsSync(sharedFolder({ root: world.state }) ?? '')).toBe(false)
})

test('R-RUN-17 `berth run` of a pull request’s ref gives what forks may have, and says what not', async ({
  world,
}) => {
  world.secret('OPEN', SECRET)
  world.secret('CLOSED', 'not for strangers')
  world.recipe('app', {
    secrets: { OPEN: { forks: true }, CLOSED: {} },
    stages: { looks: 'test -s "$BERTH_SECRETS/OPEN"; test ! -e "$BERTH_SECRETS/CLOSED"' },
    teardown: 'true',
  })
  execFileSync('git', ['-C', world.repo, 'update-ref', 'refs/pull/7/head', 'HEAD'])
  for (const repo of [world.repo, `file://${world.repo}`]) {
    const run = await world.run('app', '--repo', repo, '--ref', 'refs/pull/7/head')
    await run.cli.endedWith(0)
    expect(run.cli.output()).toContain('note: without CLOSED: code of a fork gets a secret only where')
  }
  const own = await world.run('app')
  await own.cli.endedWith(1)
})

test.skipIf(!IS_ROOT)(
  'R-RUN-17 of an ordinary user: its stages have their secrets, and nothing stays (as root)',
  async ({ world }) => {
    world.secret('KEY', SECRET)
    world.recipe('app', {
      secrets: { KEY: {} },
      stages: { up: 'cat "$BERTH_SECRETS/KEY"' },
      teardown: TEARDOWN,
    })
    beUnknown(world)
    const run = await world.run('app')
    await run.cli.endedWith(0)
    expect(shownIn(logOf(run, '01-up.log'))).toEqual([])
    expect(readFileSync(join(world.root, 'trace.teardown'), 'utf8')).toBe(SECRET)
    expect(filesWith(world)).toEqual([])
  },
)

describe('a run that lacks a secret', () => {
  test('R-RUN-17 never begins: one sentence says what is missing and where; `recipes check` and `doctor` say the same', async ({
    world,
  }) => {
    const file = world.secret('OTHER', SECRET)
    world.recipe('app', { secrets: { KEY: {} } })
    for (const [words, code] of [
      [['run', 'app'], 2],
      [['recipes', 'check'], 2],
      [['doctor'], 1],
    ] as const) {
      const command = world.berth(...words)
      await command.endedWith(code)
      expect(command.output()).toContain(
        `${file.replace('OTHER', 'KEY')}: missing, and recipe app asks for it`,
      )
    }
    expect(world.runs()).toEqual([])
    expect(world.trace()).toEqual([])
  })

  test('R-RUN-17 R-QUE-02 that was there when it was asked for, and is gone when its turn comes: `not_started`, with that sentence', async ({
    world,
  }) => {
    const file = world.secret('KEY', SECRET)
    const inside = world.gate('inside')
    world.recipe('app', { secrets: { KEY: {} }, stages: { up: `${GATE} inside` }, teardown: 'true' })
    const first = await world.run('app')
    await inside.reached()
    const second = await world.run('app', '--wait', '5m')
    await second.cli.says(/waits for/)
    rmSync(file)
    inside.go()
    await first.cli.endedWith(0)
    await second.cli.endedWith(70)
    expect(second.cli.output()).toContain(`${file}: missing, and recipe app asks for it`)
    expect(second.result()).toMatchObject({ conclusion: 'failure', reason: 'not_started' })
    expect(second.events()).toEqual([])
    await world.berth('janitor').endedWith(0)
  })
})

/** A run of which nobody lives any more, inside its stage. */
async function killedInside(
  world: World,
): Promise<{ readonly run: Run; readonly place: string; readonly file: string }> {
  const file = world.secret('KEY', SECRET)
  const inside = world.gate('inside')
  world.recipe('app', {
    secrets: { KEY: {} },
    stages: { up: `test -s "$BERTH_SECRETS/KEY"; ${GATE} inside` },
    teardown: TEARDOWN,
  })
  const run = await world.run('app')
  await inside.reached()
  await killAll(run)
  return { run, file, place: placeOf(world, run) }
}

/** Where the machine keeps a run's secrets: in memory. */
function placeOf({ state }: World, { id }: Run): string {
  return join(sharedFolder({ root: state }) ?? '', id)
}

function logOf(run: Run, name: string): string {
  return readFileSync(join(run.folder, 'stages', name), 'utf8')
}
