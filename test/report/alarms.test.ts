import { expect, test } from 'vitest'
import { anAlarm } from '../../src/model/alarm.ts'
import { type AlarmScene, alarmScene, answering, BREAKING, HANGING, START_MS } from './alarmWorld.ts'

const DAY_MS = 24 * 3_600_000

function blocked(name = 'a.ci.test') {
  return anAlarm({
    kind: 'name_blocked',
    subject: name,
    atMs: START_MS,
    text: `${name} is blocked`,
    about: { name, run: null },
  })
}

async function raise(scene: AlarmScene, ...names: readonly string[]): Promise<void> {
  for (const name of names) await scene.store.raiseAlarm(blocked(name))
}

test('R-QUE-09 an alarm is posted as JSON with an id that stays, and once when it has arrived', async () => {
  await using scene = await alarmScene()
  await raise(scene, 'a.ci.test')
  const alarms = scene.start()
  await scene.noted('alarm.sent')
  alarms.wake()
  await raise(scene, 'b.ci.test')
  alarms.wake()
  await scene.noted('alarm.sent')
  expect(scene.heard.map(({ headers, body }) => [headers['idempotency-key'], JSON.parse(body).id])).toEqual([
    [`name_blocked:a.ci.test:${START_MS}`, `name_blocked:a.ci.test:${START_MS}`],
    [`name_blocked:b.ci.test:${START_MS}`, `name_blocked:b.ci.test:${START_MS}`],
  ])
  expect(scene.heard[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'berth' })
  expect(await scene.store.alarmCounts()).toEqual({ pending: 0, failed: 0 })
})

test.each([
  ['an error', answering(500), 'HTTP 500', 1_000],
  ['an error that says when', answering(503, { 'retry-after': '90' }), 'HTTP 503', 90_000],
  ['a redirection, which is not followed', answering(302, { location: '/elsewhere' }), 'HTTP 302', 1_000],
  ['a broken connection', BREAKING, expect.stringContaining('fetch failed'), 1_000],
])('R-QUE-09 after %s the same bytes go out again', async (_, treat, error, waitMs) => {
  await using scene = await alarmScene()
  scene.treats.push(treat)
  await raise(scene, 'a.ci.test')
  scene.start()
  const put = await scene.noted('alarm.put_off')
  expect(put).toMatchObject({ error, attempts: 1 })
  expect(put.untilMs - START_MS).toBe(waitMs)
  scene.clock.advance(waitMs)
  expect(await scene.noted('alarm.sent')).toMatchObject({ attempts: 2 })
  expect(scene.heard).toHaveLength(2)
  expect(scene.heard[1]?.body).toBe(scene.heard[0]?.body)
})

test('R-QUE-11 a receiver that never answers is not waited for, and holds back no other alarm for long', async () => {
  await using scene = await alarmScene()
  scene.treats.push(HANGING)
  await raise(scene, 'a.ci.test', 'b.ci.test')
  scene.start()
  await scene.came(1)
  scene.clock.advance(10_000)
  expect(await scene.noted('alarm.put_off')).toMatchObject({ alarm: { subject: 'a.ci.test' } })
  expect(await scene.noted('alarm.sent')).toMatchObject({ alarm: { subject: 'b.ci.test' } })
})

test('R-QUE-09 after a day it is given up, counted and kept', async () => {
  await using scene = await alarmScene()
  scene.treats.push(answering(404), answering(404))
  await raise(scene, 'a.ci.test')
  scene.start()
  await scene.noted('alarm.put_off')
  scene.clock.advance(DAY_MS)
  expect(await scene.noted('alarm.given_up')).toMatchObject({ error: 'HTTP 404', attempts: 2 })
  expect(await scene.store.alarmCounts()).toEqual({ pending: 0, failed: 1 })
})

test('R-Q-05 R-QUE-09 one that waited for days since alarms were switched off is not given up at the first try, once they are on again', async () => {
  await using scene = await alarmScene()
  scene.treats.push(answering(404))
  await raise(scene, 'a.ci.test')
  let isOff = true
  const alarms = scene.start(undefined, () => isOff)
  for (let day = 1; day <= 3; day += 1) {
    const looked = scene.clock.nextSleeper(scene.clock.now() + DAY_MS + 5_000)
    scene.clock.advance(DAY_MS)
    await looked
  }
  expect(scene.heard).toEqual([])
  isOff = false
  alarms.wake()
  await scene.noted('alarm.put_off')
  scene.clock.advance(1_000)
  await scene.noted('alarm.sent')
})

test('R-QUE-09 one that is under way when the service ends is sent again by the next one, with the same id', async () => {
  await using scene = await alarmScene()
  scene.treats.push(HANGING)
  await raise(scene, 'a.ci.test')
  const first = scene.start()
  await scene.came(1)
  await first[Symbol.asyncDispose]()
  scene.start()
  scene.clock.advance(10_000)
  await scene.noted('alarm.sent')
  expect(scene.heard.map(({ headers }) => headers['idempotency-key'])).toEqual([blocked().id, blocked().id])
})

test('R-REP-06 nothing of its address is told but the host; its user and password go where they belong', async () => {
  await using scene = await alarmScene()
  scene.treats.push(answering(500), BREAKING)
  await raise(scene, 'a.ci.test')
  scene.start(`http://me:s3cret@${scene.host}/services/T0KEN?key=k3y`)
  await scene.noted('alarm.put_off')
  scene.clock.advance(1_000)
  await scene.noted('alarm.put_off')
  scene.clock.advance(2_000)
  await scene.noted('alarm.sent')
  const credentials = Buffer.from('me:s3cret').toString('base64')
  expect(scene.heard[0]?.headers.authorization).toBe(`Basic ${credentials}`)
  expect(scene.heard[0]?.path).toBe('/services/T0KEN?key=k3y')
  expect(JSON.stringify(scene.notes)).not.toMatch(/s3cret|T0KEN|k3y|bWU6/)
})
