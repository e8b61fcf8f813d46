import { describe, expect } from 'vitest'
import { killTogether } from '../fixtures/crash.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import { test } from './fixtures/test.ts'

describe('berth queue, runs, show and locks', () => {
  test('R-OBS-05 R-LCK-13 tell the truth of a live and a queued run: with the service, without it, when all is dead, and at the end', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
    await scene.serve()
    const live = await scene.testme(1)
    await inside.reached()
    const queued = await scene.testme(1)
    await queued.shows('what it waits for', ({ output }) => (output.title ?? '').includes(live.id))
    const { pid, wrapper } = live.conductor()
    const name = 'app-1.ci.localhost'

    for (const service of ['with the service', 'without it'] as const) {
      if (service === 'without it') await scene.service().kill()
      expect(await scene.json('queue'), service).toMatchObject([
        { id: live.id, state: 'running', stage: 'inside', pr: 1, waitsFor: null },
        { id: queued.id, state: 'queued', waitsFor: `run ${live.id}, which has ${name}` },
      ])
      expect(await scene.json('runs'), service).toMatchObject([
        { run: live.id, phase: 'running', result: null, request: { domain: name, pr: 1 } },
      ])
      expect(await scene.json('show', live.id), service).toMatchObject({ run: live.id, phase: 'running' })
      const waiters = service === 'without it' ? [] : [`run ${queued.id} (service)`]
      const [lock] = lockLooks(await scene.json('locks'))
      expect(lock, service).toMatchObject({ name, state: 'busy', run: live.id })
      expect(lock?.pids.toSorted(), service).toEqual([pid, wrapper].toSorted())
      if (service === 'with the service') expect(lock?.waiters).toEqual(waiters)
    }

    await killTogether(pid, wrapper)
    expect(lockLooks(await scene.json('locks'))).toMatchObject([
      { name, state: 'dirty', run: live.id, pids: [] },
    ])
    expect(await scene.json('runs')).toMatchObject([{ run: live.id, phase: 'dead', result: null }])
    expect(await scene.json('show', live.id)).toMatchObject({ run: live.id, phase: 'dead' })
    expect(await scene.json('queue')).toMatchObject([{ state: 'dead' }, { state: 'queued' }])

    await scene.serve()
    await inside.reached()
    inside.go()
    expect((await live.completed()).conclusion).toBe('failure')
    expect((await queued.completed()).conclusion).toBe('success')
    expect(await scene.json('queue')).toEqual([])
    expect(await scene.json('runs')).toMatchObject([
      { run: queued.id, phase: 'concluded', result: { conclusion: 'success', verified: true } },
      { run: live.id, phase: 'concluded', result: { conclusion: 'failure', verified: true } },
    ])
    expect(lockLooks(await scene.json('locks'))).toMatchObject([
      { name, state: 'free', run: null, pids: [], waiters: [] },
    ])
  })
})

interface LockLook {
  readonly name: string
  readonly state: string
  readonly run: string | null
  readonly pids: readonly number[]
  readonly waiters: readonly string[]
}

function lockLooks(printed: unknown): readonly LockLook[] {
  if (Array.isArray(printed)) return printed
  throw new Error('berth locks --json gave no list')
}
