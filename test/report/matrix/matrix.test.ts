import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anAlarm } from '../../../src/model/alarm.ts'
import { type Scene, startScene } from '../../sandbox/support.ts'
import { alarmScene, answering, BREAKING, HANGING, START_MS, type Treat } from '../alarmWorld.ts'
import { FAULTS, faultOn, type MatrixFault } from './faults.ts'
import { KINDS, type Said } from './kinds.ts'
import { markdownTable, tableInPage } from './table.ts'
import { type MatrixWorld, matrixWorld } from './world.ts'

/** Cells as they came out, by fault and kind. */
const cells = new Map<string, string>()
let scene: Scene

beforeAll(async () => {
  scene = await startScene({ requestsPerHour: 1e6, writesPerMinute: 1e6, writesPerHour: 1e6 })
})
afterAll(() => scene[Symbol.asyncDispose]())

describe.each(Object.keys(FAULTS))('%s', (name) => {
  const fault = FAULTS[name]
  if (fault === undefined) throw new Error(`there is no fault ${name}`)

  test.each(Object.keys(KINDS))(
    'R-REP-02 R-REP-03 R-REP-04 met by a %s: GitHub has one, and the right one, or it is given up in sight',
    async (kind) => {
      await using world = await matrixWorld(scene.gitHub, scene.octokit)
      cells.set(`${name} ${kind}`, await outcomeOf(world, kind, `${name} ${kind}`, fault))
    },
  )

  test('R-REP-04 met by an alarm: its receiver has it, under one id', async () => {
    cells.set(`${name} alarm`, await alarmOutcome(fault))
  })
})

test('R-REP-02 R-REP-03 R-REP-04 the page shows what came of every kind under every fault', () => {
  const columns = [...Object.keys(KINDS), 'alarm']
  const rows = Object.keys(FAULTS).map((fault) => [
    fault,
    columns.map((kind) => cells.get(`${fault} ${kind}`) ?? ''),
  ])
  expect(tableInPage('matrix')).toBe(
    markdownTable('the first request meets', columns, Object.fromEntries(rows)),
  )
})

async function outcomeOf(world: MatrixWorld, kind: string, id: string, fault: MatrixFault): Promise<string> {
  const said = await KINDS[kind]?.(world, id)
  if (said === undefined) throw new Error(`there is no kind ${kind}`)
  const { struck } = scene.gitHub.addFault(faultOn(fault, said.method, said.path))
  await said.say()
  await struck
  world.clock.advance(fault.waitMs ?? 0)
  const { event, attempts } = await world.ended(said.key)
  const { newest } = await world.store.failedReports(9)
  const isVisible = newest.some(({ key }) => key === said.key)
  expect(isVisible).toBe(event === 'report.failed')
  expect(said.stands()).toBe(event === 'report.sent' ? 'right' : 'before')
  return event === 'report.sent' ? `sent, ${attempts}` : againByHand(world, said)
}

/** The fault is over: somebody has mended what it was about. */
async function againByHand(world: MatrixWorld, { key, stands }: Said): Promise<string> {
  expect(await world.store.retryReport(key, world.clock.now())).toBe('again')
  world.outbox.wake()
  expect(await world.ended(key)).toMatchObject({ event: 'report.sent' })
  expect(stands()).toBe('right')
  return 'given up; sent by hand'
}

async function alarmOutcome(fault: MatrixFault): Promise<string> {
  await using world = await alarmScene()
  world.treats.push(treatOf(fault))
  const about = {
    kind: 'name_blocked',
    subject: 'a.ci.test',
    atMs: START_MS,
    text: 'blocked',
    about: {},
  } as const
  await world.store.raiseAlarm(anAlarm(about))
  world.start()
  await world.came(1)
  world.clock.advance(fault.waitMs ?? 0)
  const { untilMs } = await world.noted('alarm.put_off')
  world.clock.advance(untilMs - world.clock.now())
  const { attempts } = await world.noted('alarm.sent')
  expect(new Set(world.heard.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  return `sent, ${attempts}`
}

/** The receiver takes note of each request before it answers: for it there is no "before the effect". */
function treatOf({ effect }: MatrixFault): Treat {
  switch (effect.kind) {
    case 'answer':
    case 'after':
      return answering(effect.status, effect.headers)
    case 'broken':
    case 'lost':
      return BREAKING
    default:
      return HANGING
  }
}
