import { expect } from 'vitest'
import { letAnHourPass } from '../fixtures/clock.ts'
import { stopped } from '../fixtures/crash.ts'
import { isAlive } from '../fixtures/kernel.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import { test } from './fixtures/test.ts'

test('R-JAN-08 R-RUN-22 a run process that is stopped past its ceiling is ended by the service alone, no janitor: its run is torn down, and its check ends', async ({
  scene,
}) => {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  const { pid, wrapper } = run.conductor()
  await stopped(pid)
  letAnHourPass(run)
  const check = await run.shows('its end', ({ status }) => status === 'completed')
  expect(check.conclusion).toBe('failure')
  expect(isAlive(pid)).toBe(false)
  expect(run.conductor().wrapper).toBe(wrapper)
  expect(scene.world.trace()).toEqual([`${run.id} up`, `${run.id} down`, `${run.id} gone`])
  const told = scene.service().log()
  expect(told.filter(({ msg }) => msg === 'ceiling.enforced')).toHaveLength(1)
})
