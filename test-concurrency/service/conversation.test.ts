import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import { test } from './fixtures/test.ts'

const DOMAIN = 'app-1.ci.localhost'

/** As a shell sees it. */
function isLocked(state: string): boolean {
  return spawnSync('flock', ['-n', join(state, 'locks', `${DOMAIN}.lock`), 'true']).status !== 0
}

describe('the reply to a comment', () => {
  test('R-REP-02 R-REP-03 R-CMD-04 is one: a service that is SIGKILLed in the middle of its run leaves it to the next one, which edits it', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
    const service = await scene.serve()
    const run = await scene.testme(1)
    await inside.reached()
    const said = () => scene.replies(1)
    await until('the reply', () => said().some((text) => text.includes(`${run.id}`)))
    expect(said()[0]).toMatch(/^Testing [0-9a-f]{40}\.\n\n- `app`: queued \(run \[`\w+`\]\(http/)
    await service.kill()
    inside.go()
    await run.concluded()
    expect(said()[0]).toContain('queued')
    await scene.serve()
    await until('the verdict in the reply', () => said()[0]?.includes('**success**'))
    expect(said()).toHaveLength(1)
    expect(scene.gitHub.unknownCalls()).toEqual([])
  })
})

describe('by hand, in a comment', () => {
  test('R-JAN-10 R-LCK-13 a hold keeps the domain: a run waits for it in sight of all, outlives the service, and ends by a release', async ({
    scene,
  }) => {
    scene.setting('trust: { hold: maintain }')
    scene.recipe('app', { stages: { up: `${SITE} up`, check: `${SITE} check` } })
    await scene.serve()
    await scene.comment(1, '!testme hold for=1h a look at the database')
    await until('the hold', () => scene.replies(1).some((text) => text.includes(`\`${DOMAIN}\`: **held**`)))
    expect(isLocked(scene.world.state)).toBe(true)
    const run = await scene.testme(1)
    await run.shows('who keeps it', ({ output }) => (output.summary ?? '').includes('kept by `octocat`'))
    await scene.stop()
    expect(isLocked(scene.world.state)).toBe(true)
    await scene.serve()
    await scene.comment(1, '!testme release done')
    expect((await run.completed()).conclusion).toBe('success')
    await until('the end of the hold', () =>
      scene.replies(1).some((text) => text.includes('**released**, the hold is ended')),
    )
    expect(await scene.json('locks', 'audit')).toMatchObject([
      { action: 'hold', name: DOMAIN, by: 'octocat', reason: 'a look at the database' },
      { action: 'release', name: DOMAIN, by: 'octocat', reason: 'done' },
    ])
  })

  test('R-RUN-23 a red run that is kept is torn down by a release, and stays red', async ({ scene }) => {
    scene.setting('trust: { hold: maintain }')
    scene.recipe('app', { stages: { up: `${SITE} up`, red: 'exit 3' } })
    await scene.serve()
    const run = await scene.testme(1, 'keep=1h')
    await run.shows('that it is kept', ({ output }) => (output.title ?? '').startsWith('Kept'))
    await scene.comment(1, '!testme release')
    expect((await run.completed()).conclusion).toBe('failure')
    await until('what became of it', () =>
      scene.replies(1).some((text) => text.includes('the red run that was kept is torn down')),
    )
    expect(scene.world.trace()).toEqual([`${run.id} up`, `${run.id} down`, `${run.id} gone`])
  })
})
