import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { isAlive, kill, read } from '../fixtures/kernel.ts'
import { until } from '../fixtures/until.ts'
import { BERTH, GATE, SITE } from '../fixtures/world.ts'
import { hangUp, page, reloadsOf, rewrite, setting } from './fixtures/reload.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe('SIGHUP at any moment', () => {
  test('R-Q-05 R-RUN-09 while it starts, again and again until it is ready: it comes up, and has what was written meanwhile', async ({
    scene,
  }) => {
    scene.recipe('app')
    const service = scene.begin()
    await until('SIGHUP to be heard', () => hearsHangUps(service.pid))
    rewrite(scene, setting('slots', '7'))
    let sent = 0
    await until('the service to be ready', () => {
      service.started.kill('SIGHUP')
      sent += 1
      return service.log().some(({ msg }) => msg === 'service.ready')
    })
    await until('a reload', () => reloadsOf(scene).length > 0)
    expect(sent).toBeGreaterThan(10)
    expect(reloadsOf(scene).length).toBeLessThan(sent)
    expect(JSON.parse(await page(scene, '/api/v1/queue'))).toMatchObject({ slots: 7 })
    expect((await (await scene.testme(1)).completed()).conclusion).toBe('success')
  })

  test('R-Q-05 R-RUN-09 while it ends: it ends with 0 all the same', async ({ scene }) => {
    scene.recipe('app')
    await scene.serve()
    scene.road.decide = ({ asks, body }) =>
      asks.endsWith('/access_tokens') && body.includes('repository_ids') ? 'wait' : 'pass'
    const run = await scene.testme(1)
    await scene.road.waiting()
    const { started } = scene.service()
    started.kill('SIGTERM')
    await until('its end', () => {
      started.kill('SIGHUP')
      return started.isOver()
    })
    await started.endedWith(0)
    scene.road.decide = () => 'pass'
    await scene.serve()
    expect((await run.completed()).conclusion).toBe('success')
  })

  test('R-Q-05 R-LCK-01 ten at once, with another configuration each, while runs start and end: each is whole, the last one holds, and no two runs share a domain', async ({
    scene,
  }) => {
    scene.recipe('app', { stages: { up: `${SITE} up`, check: `${SITE} check` } })
    await scene.serve()
    const asked = []
    for (let slots = 1; slots <= 8; slots += 1) {
      rewrite(scene, setting('slots', String(slots)))
      for (let count = 0; count < 10; count += 1) scene.service().started.kill('SIGHUP')
      asked.push(await scene.testme(1 + (slots % 2)))
    }
    for (const run of asked) expect((await run.completed()).conclusion).toBe('success')
    await hangUp(scene)
    expect(JSON.parse(await page(scene, '/api/v1/queue'))).toMatchObject({ slots: 8 })
    expect(reloadsOf(scene).every(({ msg }) => msg === 'config.reloaded')).toBe(true)
  })
})

describe('a service at a terminal', () => {
  test('R-Q-05 R-RUN-09 SIGHUP while the terminal is there has it read its configuration; the end of the terminal has it end in order, and its run goes on', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
    const { terminal, pid } = await atTerminal(scene)
    kill(pid, 'SIGHUP')
    await terminal.says(/"config\.reloaded"/)
    const run = await scene.testme(1)
    await inside.reached()
    terminal.kill('SIGKILL')
    await until('the end of the service', () => !isAlive(pid))
    expect(existsSync(join(scene.world.state, 'berth.db-wal')), 'its records are closed').toBe(false)
    expect(run.result()).toBeNull()
    inside.go()
    await scene.serve()
    expect((await run.completed()).conclusion).toBe('success')
  })
})

test('R-OBS-01 R-QUE-11 a service whose log cannot be written, the disk being full, does its work and ends in order', async ({
  scene,
}) => {
  scene.recipe('app')
  scene.configure()
  const words = ['sh', '-c', `exec '${BERTH}' serve >/dev/full`]
  const service = scene.world.start(words, { env: scene.env, cwd: scene.world.root })
  await untilReady(scene)
  expect((await (await scene.testme(1)).completed()).conclusion).toBe('success')
  service.kill('SIGTERM')
  await service.endedWith(0)
})

/** `berth serve` as the first process of a terminal of its own, which is there as long as `script` is. */
async function atTerminal(scene: Scene) {
  scene.configure()
  const words = ['script', '-qfc', `exec '${BERTH}' serve`, '/dev/null']
  const terminal = scene.world.start(words, { env: scene.env, cwd: scene.world.root })
  await terminal.says(/"service\.ready"/)
  const lock = readFileSync(join(scene.world.state, 'serve.lock'), 'utf8')
  return { terminal, pid: Number(/\d+/.exec(lock)?.[0]) }
}

/** By its own word over HTTP. */
async function untilReady(scene: Scene): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const text = await page(scene, '/readyz').catch(() => '')
    if (text === 'ready\n') return
    await pause(20)
  }
  throw new Error('the service was never ready')
}

/** A process whose signal is caught (proc(5), SigCgt); SIGHUP is number 1, the lowest bit. */
function hearsHangUps(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '0'
  return (BigInt(`0x${caught}`) & 1n) === 1n
}
