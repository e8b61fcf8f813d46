import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { parkAtBoot } from './fixtures/boot.ts'
import { ended, injectOn } from './fixtures/crash.ts'
import { kill } from './fixtures/kernel.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { GATE } from './fixtures/world.ts'

const LINE = '{"path":"src/a.ts","line":3,"level":"warning","message":"from a line"}'
const SAY = `echo '${LINE}' >>"$BERTH_ARTIFACTS/annotations.ndjson"`
const REPORT =
  '<testsuite><testcase name="adds" file="src/b.ts" line="4"><failure message="from a report"/></testcase></testsuite>'

describe.concurrent('what stages say of files', () => {
  test('R-REP-01 is in the run’s folder, at the end of `berth run`, and in `berth show`', async ({
    world,
  }) => {
    const check = `${SAY}; echo '${REPORT}' >"$BERTH_ARTIFACTS/unit.xml"; echo "::error file=$BERTH_WORKSPACE/c.ts,line=5::from a log"; exit 3`
    world.recipe('app', { stages: { check } })
    const run = await world.run('app')
    await run.cli.endedWith(1)
    expect(run.cli.output()).toContain(
      [
        '  annotations: 2 failures, 1 warning',
        '    failure src/b.ts:4 adds: from a report',
        '    failure c.ts:5 from a log',
        '    warning src/a.ts:3 from a line',
      ].join('\n'),
    )
    const { annotations } = JSON.parse(await outputOf(world.berth('show', run.id, '--json')))
    expect(annotations).toEqual(JSON.parse(annotationsOf(run.folder)))
    expect(annotations.found).toEqual({ failure: 2, warning: 1, notice: 0 })
    expect(await outputOf(world.berth('show', run.id))).toContain('  failure c.ts:5 from a log\n')
  })

  test('R-RUN-08 R-REP-01 of stages that had ended is there although the run process is killed in the next one', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', {
      stages: { check: SAY, inside: `echo "::notice file=d.ts::begun"; ${GATE} inside` },
    })
    const run = await world.run('app')
    await inside.reached()
    kill(run.conductor().pid, 'SIGKILL')
    await run.cli.endedWith(70)
    expect(run.count('process.started')).toBe(2)
    expect(JSON.parse(annotationsOf(run.folder)).placed).toMatchObject([
      { path: 'src/a.ts', message: 'from a line' },
      { path: 'd.ts', message: 'begun' },
    ])
  })

  test('R-Q-08 R-REP-01 a stage that spoils its artefacts and its log’s place neither holds up the run nor tells what is not its own', async ({
    world,
  }) => {
    const spoil = [
      'mkfifo "$BERTH_ARTIFACTS/annotations.ndjson"',
      'ln -s /dev/zero "$BERTH_ARTIFACTS/a.xml"',
      'ln -s / "$BERTH_ARTIFACTS/root"',
      'echo "::error file=../../journal.ndjson::a way out"',
      'printf "::error::\\033[31mred\\033]8;;https://evil.example\\007\\n"',
    ].join('; ')
    world.recipe('app', { stages: { spoil } })
    const run = await world.run('app')
    await run.cli.endedWith(0)
    const said = JSON.parse(annotationsOf(run.folder))
    expect(said).toMatchObject({
      placed: [],
      unplaced: [{ path: null, message: 'a way out' }, { message: 'red' }],
      faultCount: 2,
    })
    expect(run.cli.output()).not.toContain('\u001b]8')
  })

  test('R-REP-01 is nothing where no stage says anything: no record, no word', async ({ world }) => {
    world.recipe('app', { stages: { check: 'echo a::b; echo x >"$BERTH_ARTIFACTS/other"' } })
    const run = await world.run('app')
    await run.cli.endedWith(0)
    expect(existsSync(join(run.folder, 'annotations.json'))).toBe(false)
    expect(run.cli.output()).not.toContain('annotations')
  })
})

/** Killed in the call that gives the record its name, so after all has been read. */
describe('SIGKILL over the annotations', () => {
  test.skipIf(!HAS_STRACE).for([
    [1, true],
    [2, false],
  ] as const)(
    'R-RUN-08 of %i run processes: the next one has them: %s; it concludes (strace)',
    async ([times, isThere], { world }) => {
      world.recipe('app', { stages: { check: SAY } })
      const boot = parkAtBoot(world)
      const run = await world.run('app')
      for (let time = 1; time <= times; time += 1) {
        const { pid } = await boot.reached()
        await injectOn(world, pid, join(run.folder, 'annotations.json'), 'link:signal=KILL:when=1')
        if (time === times) boot.open()
        boot.go()
        await ended(pid)
      }
      await run.cli.endedWith(0)
      expect(run.count('process.started')).toBe(times + 1)
      expect(run.count('concluded')).toBe(1)
      expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
      expect(existsSync(join(run.folder, 'annotations.json'))).toBe(isThere)
    },
  )
})

function annotationsOf(folder: string): string {
  return readFileSync(join(folder, 'annotations.json'), 'utf8')
}
