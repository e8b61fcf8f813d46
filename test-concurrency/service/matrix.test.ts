import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { anAlarm } from '../../src/model/alarm.ts'
import { leaveAlarm } from '../../src/store/alarmFiles.ts'
import { openStateFolder } from '../../src/store/stateFolder.ts'
import { tableInPage } from '../../test/report/matrix/table.ts'
import { injectOn } from '../fixtures/crash.ts'
import { HAS_STRACE } from '../fixtures/needs.ts'
import { until } from '../fixtures/until.ts'
import { GATE } from '../fixtures/world.ts'
import type { Fate, Traveller } from './fixtures/road.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

/** What a request says; null = it is none of these. */
const KINDS = ['reaction', 'reply', 'check, created', 'check, updated', 'check, ended'] as const
type Kind = (typeof KINDS)[number]

const BEFORE = 'when the request is on its way, and never arrives'
const AFTER = 'when the request has had its effect, and before the answer'
const UNNOTED = 'when the answer is there, and before the store has it'
const MOMENTS = [BEFORE, AFTER, UNNOTED] as const
type Moment = (typeof MOMENTS)[number]

describe.concurrent('every kind of report, and the service is SIGKILLed', () => {
  for (const moment of MOMENTS) {
    test.skipIf(moment === UNNOTED && !HAS_STRACE)(
      `R-REP-02 R-REP-03 ${moment}: GitHub has one of each, and the right one`,
      async ({ scene }) => {
        const [first, second] = [scene.world.gate('first'), scene.world.gate('second')]
        scene.recipe('app', { stages: { first: `${GATE} first`, second: `${GATE} second` } })
        await scene.serve()
        const asked = killedAt(scene, moment, ['reaction', 'reply', 'check, created'])
        const comment = await scene.comment(1, '!testme\n\n!testme status').catch(() => null)
        await asked
        const [run] = await until('its check', () => (scene.runs().length === 1 ? scene.runs() : null))
        if (run === undefined) throw new Error('there is no run')

        await first.reached()
        const updated = killedAt(scene, moment, ['check, updated'])
        first.go()
        await updated
        await run.shows('its second stage', ({ output }) => (output.title ?? '').includes('second'))

        await second.reached()
        const ended = killedAt(scene, moment, ['check, ended'])
        second.go()
        await ended
        expect((await run.completed()).conclusion).toBe('success')
        await until('the reply', () => scene.replies(1).length > 0)
        await until('the reaction', () => comment !== null && scene.reactions(comment).length > 0)
        expect(scene.replies(1)).toHaveLength(1)
        expect(comment === null ? [] : scene.reactions(comment)).toEqual(['eyes'])
        expect(scene.runs()).toHaveLength(1)
        expect(tableInPage('kills')).toContain(`| ${moment} | one | one | one | one | one |`)
      },
    )
  }

  test.skipIf(!HAS_STRACE)(
    'R-REP-02 R-QUE-09 at each of these moments of an alarm: its receiver hears of it, under one id',
    async ({ scene }) => {
      await using receiver = await startReceiver()
      scene.setting(`notify: { webhook: 'http://127.0.0.1:${receiver.port}/' }`)
      scene.recipe('app')
      const state = openStateFolder(scene.world.state)
      for (const moment of MOMENTS) {
        const about = { subject: moment, atMs: Date.now(), text: moment, about: {} }
        const { id } = anAlarm({ kind: 'suspected_leak', ...about })
        leaveAlarm(state, { id, kind: 'suspected_leak', ...about })
        const service = scene.begin()
        const answer = await receiver.asked(moment === BEFORE)
        if (moment === UNNOTED) await killAtNote(scene, service.pid)
        if (moment === UNNOTED) answer.writeHead(204).end()
        else service.started.kill('SIGKILL')
        await service.started.ended()
        answer.destroy()
        await scene.serve()
        await until('the alarm', () => receiver.answered().includes(id))
        expect(receiver.heard().filter((heard) => heard.includes(moment))).toEqual(
          receiver.heard().filter((heard) => heard === id),
        )
        await scene.stop()
        expect(tableInPage('kills')).toContain(`| ${moment} | one | one | one | one | one | one id |`)
      }
    },
  )
})

/** Lets the services die over these kinds, one life after the other, until each has been met; the last service lives. */
async function killedAt(scene: Scene, moment: Moment, kinds: readonly Kind[]): Promise<void> {
  const left = new Set<Kind>(kinds)
  while (left.size > 0) {
    const service = scene.service()
    const met = new Set<Kind>()
    const strike = () => service.started.kill('SIGKILL')
    scene.road.decide = (traveller): Fate => {
      const kind = kindOf(traveller)
      if (kind === null || !left.has(kind)) return met.size > 0 && moment === BEFORE ? 'reset' : 'pass'
      met.add(kind)
      if (moment === AFTER) return strike
      if (moment === UNNOTED) return 'wait'
      strike()
      return 'reset'
    }
    if (moment === UNNOTED) {
      await scene.road.waiting()
      await killAtNote(scene, service.pid)
      // What comes between here and its death would wait beyond it, and arrive in another life: GitHub holds no request so long.
      scene.road.decide = (traveller) => {
        const kind = kindOf(traveller)
        if (kind !== null && left.has(kind)) met.add(kind)
        return 'pass'
      }
      scene.road.open()
    }
    await service.started.ended()
    for (const kind of met) left.delete(kind)
    scene.road.decide = () => 'pass'
    await scene.serve()
  }
}

/** The next write to the records kills it before it has any effect. */
async function killAtNote({ world }: Scene, pid: number): Promise<void> {
  await injectOn(world, pid, join(world.state, 'berth.db-wal'), 'pwrite64:signal=KILL:when=1')
}

function kindOf({ asks, body }: Traveller): Kind | null {
  if (/^POST .*\/reactions$/.test(asks)) return 'reaction'
  if (/^POST .*\/issues\/\d+\/comments$/.test(asks)) return 'reply'
  if (/^POST .*\/check-runs$/.test(asks)) return 'check, created'
  if (!/^PATCH .*\/check-runs\/\d+$/.test(asks)) return null
  return JSON.parse(body).status === 'completed' ? 'check, ended' : 'check, updated'
}

/** Takes note of alarms by their ids, and lets each wait for what a test makes of it. */
async function startReceiver() {
  const heard: string[] = []
  const answered: string[] = []
  const waiting: { readonly id: string; readonly response: ServerResponse }[] = []
  let holds = false
  const server = createServer(async (request, response) => {
    const { id } = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString())
    heard.push(id)
    if (holds) waiting.push({ id, response })
    else {
      answered.push(id)
      response.writeHead(204).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' ? address?.port : 0,
    heard: () => heard,
    answered: () => answered,
    /** The next request, held; `unheard` = as if it had never arrived. */
    async asked(unheard: boolean): Promise<ServerResponse> {
      holds = true
      const { response } = await until('an alarm', () => waiting.pop())
      if (unheard) heard.pop()
      holds = false
      return response
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
