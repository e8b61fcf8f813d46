import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { letPass } from './fixtures/clock.ts'
import { killAll } from './fixtures/crash.ts'
import { test } from './fixtures/test.ts'
import { GATE, SITE } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'

test('R-Q-01 R-LCK-11 a run of a driver that this berth does not have is not touched by another driver: its name stays dirty until a berth that has it comes', async ({
  world,
}) => {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  const run = await world.run('app')
  await inside.reached()
  await killAll(run)
  const file = join(run.folder, 'request.json')
  const request = readFileSync(file, 'utf8')
  writeFileSync(file, request.replace('"driver": "process"', '"driver": "nomad"'))
  expect(readFileSync(file, 'utf8')).not.toBe(request)
  const first = world.berth('janitor')
  await first.endedWith(1)
  expect(first.output()).toMatch(new RegExp(`${NAME} +left +run ${run.id}: .*request.json cannot be read`))
  expect(world.trace()).toEqual([`${run.id} up`])
  expect(world.judge().marks[NAME]).toBe(run.id)
  writeFileSync(file, request)
  letPass(run, 120_000)
  await world.berth('janitor').endedWith(10)
  expect(world.trace()).toEqual([`${run.id} up`, `${run.id} down`, `${run.id} gone`])
})
