import { describe, expect } from 'vitest'
import { outputOf } from '../fixtures/started.ts'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe('a red run', () => {
  test('R-REP-01 R-RUN-05 R-RUN-16 a stage fails: the check names it, shows the end of its log, and says what teardown found', async ({
    scene,
  }) => {
    const boom = 'echo the last words; exit 7'
    scene.recipe('app', { stages: { up: `${SITE} up`, boom, check: `${SITE} check` } })
    await scene.serve()
    const run = await scene.testme(1)
    const { conclusion, output } = await run.completed()
    expect(conclusion).toBe('failure')
    expect(output.title).toBe('Stage boom failed: exit code 7')
    expect(output.summary).toMatch(/\| `boom` \| failure \|/)
    expect(output.summary).toMatch(/\| `check` \| not begun \|/)
    expect(output.summary).toMatch(
      /^Teardown \(.*\): .*: .*no process with its mark in repeated looks at \/proc; verified, nothing is left\.$/m,
    )
    expectTruthOfLocks(scene, output.summary ?? '')
    expect(output.text).toContain('the last words')
    expect(scene.world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
  })

  test('R-REP-01 R-REP-08 what its stages said of files stands at their lines on the check, once', async ({
    scene,
  }) => {
    const say =
      'echo "::error file=src/a.ts,line=3,col=5,title=Wrong::It is%0Awrong"; echo "::warning::of no file"; exit 7'
    scene.recipe('app', { stages: { say } })
    await scene.serve()
    const { annotations, output } = await (await scene.testme(1)).completed()
    expect(annotations).toEqual([
      {
        path: 'src/a.ts',
        start_line: 3,
        end_line: 3,
        start_column: 5,
        end_column: 5,
        annotation_level: 'failure',
        title: 'Wrong',
        message: 'It is\nwrong',
      },
    ])
    expect(output.summary).toContain(
      'Annotations: 1 failure, 1 warning; 1 at their lines.\n\n- warning `of no file`',
    )
  })

  test('R-REP-04 R-RUN-09 annotations stand there once, though the answer to the call with the end is lost and the service killed', async ({
    scene,
  }) => {
    scene.recipe('app', { stages: { say: 'echo "::error file=a.ts,line=1::m"; exit 7' } })
    await scene.serve()
    const isEnd = ({ asks, body }: { asks: string; body: string }) =>
      asks.startsWith('PATCH ') && body.includes('"status":"completed"')
    scene.road.decide = (traveller) => (isEnd(traveller) ? 'lose' : 'pass')
    const run = await scene.testme(1)
    await run.completed()
    await scene.service().kill()
    scene.road.decide = () => 'pass'
    const next = await scene.serve()
    await until('the end to be told', () =>
      next.log().some(({ msg, run: id }) => msg === 'report.sent' && id === run.id),
    )
    expect(scene.road.travelled().filter(({ asks }) => /^GET .*\/check-runs\/\d+$/.test(asks))).toHaveLength(
      1,
    )
    expect(scene.road.travelled().filter(isEnd)).toHaveLength(1)
    expect((await run.completed()).annotations).toMatchObject([{ path: 'a.ts', message: 'm' }])
  })

  test('R-RUN-04 R-RUN-05 R-LCK-11 a teardown fails: the check is red and names what is left; the next run at the domain is put off, in sight', async ({
    scene,
  }) => {
    const teardown = `test ! -e "$GATES/stuck"; ${SITE} down`
    scene.recipe('app', { stages: { up: `${SITE} up`, stick: 'touch "$GATES/stuck"' }, teardown })
    scene.world.leavesDirty()
    await scene.serve()
    const run = await scene.testme(1)
    const { conclusion, output } = await run.completed()
    expect(conclusion).toBe('failure')
    expect(output.title).toMatch(/^All 2 stages passed, but teardown is not verified: the teardown command/)
    expect(output.summary).toMatch(/^Teardown .*; not verified, 1 left:$/m)
    const next = await scene.testme(1)
    const title = await next.shows('why it waits', ({ output }) =>
      (output.title ?? '').includes('to be cleaned'),
    )
    expect(title.output.title).toContain(`run ${run.id} to be cleaned`)
    expect(scene.world.trace().filter((line) => line.startsWith(next.id))).toEqual([])
    await outputOf(scene.world.berth('cancel', next.id))
    expect((await next.completed()).conclusion).toBe('cancelled')
  })

  test('R-RUN-06 its deadline passes: timed_out, torn down', async ({ scene }) => {
    const never = scene.world.gate('never')
    scene.recipe('app', {
      stages: { up: `${SITE} up`, never: { run: `${GATE} never`, timeout: '2s' } },
      deadline: '2s',
    })
    await scene.serve()
    const run = await scene.testme(1)
    await never.reached()
    expect((await run.completed()).conclusion).toBe('timed_out')
    expect(run.check().output.title).toBe("The run's deadline passed in stage never")
    expect(run.result()).toMatchObject({ verified: true, conclusion: 'timed_out' })
  })
})

describe('a command that cannot be carried out', () => {
  const ASKED = {
    'an unknown recipe': ['!testme ap', 'unknown_recipe', 'Did you mean `!testme app`?'],
    'an unknown argument': ['!testme app siz=l', 'bad_argument', 'valid: size (did you mean size?)'],
    'a value that the recipe does not take': ['!testme app size=xl', 'bad_argument', 'valid: s, l'],
    'a line that is none': ['!testme app cancel', 'bad_command', 'Cancel is a command of its own'],
  } as const
  test('R-CMD-03 R-CMD-04 is answered with a reaction and a reply that names the right ones; nothing is queued', async ({
    scene,
  }) => {
    const sized = { stages: { up: 'true' }, arguments: { size: { values: ['s', 'l'], default: 's' } } }
    scene.recipe('app', sized)
    scene.recipe('other')
    await scene.serve()
    for (const [what, [line, reason, help]] of Object.entries(ASKED)) {
      const before = scene.replies(1).length
      const comment = await scene.comment(1, line)
      await until(`a reply to ${what}`, () => scene.replies(1).length > before)
      expect(scene.replies(1).at(-1), what).toContain(`**[${reason}](`)
      expect(scene.replies(1).at(-1), what).toContain(help)
      await until('the reaction', () => scene.reactions(comment).includes('confused'))
    }
    await expectNoRuns(scene)
  })

  test('R-CMD-06 R-CMD-07 R-RUN-20 a reader’s command, and a writer’s on a fork without isolation, are refused', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    scene.gitHub.people.comment(1, 'visitor', '!testme')
    await until('a reply', () => scene.replies(1).length === 1)
    expect(scene.replies(1)[0]).toContain('**[not_permitted](')
    await scene.comment(3, '!testme')
    await until('a reply', () => scene.replies(3).length === 1)
    expect(scene.replies(3)[0]).toContain('**[fork_needs_isolation](')
    await expectNoRuns(scene)
  })
})

/** A service on busy cores may say it before the run process has ended; it never says that a lock is released which is not. */
function expectTruthOfLocks({ world }: Scene, summary: string): void {
  expect(summary).toMatch(
    /^Locks: (given up when the last process of the run ends|released, no process of the run has them and no mark is left):\n\n- `app-1\.ci\.localhost`$/m,
  )
  if (summary.includes('Locks: released')) expect(world.judge().holders('app-1.ci.localhost')).toEqual([])
}

async function expectNoRuns(scene: Scene): Promise<void> {
  expect(scene.checks.all()).toEqual([])
  expect(await scene.json('queue')).toEqual([])
  expect(await scene.json('runs')).toEqual([])
}
