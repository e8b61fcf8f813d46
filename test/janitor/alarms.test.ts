import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { alarmsOf } from '../../src/janitor/alarms.ts'
import { finding } from '../../src/janitor/finding.ts'
import { leaveAlarm, leftAlarms } from '../../src/store/alarmFiles.ts'
import { openStateFolder } from '../../src/store/stateFolder.ts'

const LEAK = {
  name: 'a.ci.test',
  run: 'r1',
  sinceMs: 1_000,
  overMs: 60_000,
  why: 'its run may take 10m',
  holders: [],
}

function swept() {
  const findings = [
    finding('run', 'r2', 'ended', 'process 7 is 3 s past the run’s ceiling'),
    finding('run', 'r3', 'left', 'cannot be told'),
    finding('name', 'b.ci.test', 'cleaned', 'run r4'),
  ]
  return alarmsOf({ leaks: [LEAK], findings }, 5_000)
}

function folder() {
  const root = mkdtempSync(join(tmpdir(), 'berth-left-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return openStateFolder(root)
}

test('R-LCK-10 R-JAN-09 a sweep raises an alarm for each suspected leak and each run process that it ended by force', () => {
  expect(swept().map(({ kind, subject, about }) => ({ kind, subject, about }))).toEqual([
    {
      kind: 'suspected_leak',
      subject: 'a.ci.test',
      about: { name: 'a.ci.test', run: 'r1', sinceMs: 1_000, overMs: 60_000 },
    },
    { kind: 'forced_take_over', subject: 'r2', about: { run: 'r2' } },
  ])
})

test('R-LCK-10 what a sweep has left lies there until the service has it, one for each thing however often it is found', () => {
  const state = folder()
  const alarms = swept()
  expect(alarms.map((alarm) => leaveAlarm(state, alarm))).toEqual([true, true])
  expect(alarms.map((alarm) => leaveAlarm(state, { ...alarm, id: 'later' }))).toEqual([false, false])
  const left = leftAlarms(state)
  expect(
    left.map(({ alarm }) => alarm).toSorted((one, two) => (one?.id ?? '').localeCompare(two?.id ?? '')),
  ).toEqual(alarms.toSorted((one, two) => one.id.localeCompare(two.id)))
  for (const { remove } of left) remove()
  expect(readdirSync(state.alarms)).toEqual([])
})

test('R-QUE-11 a file there that is no alarm is told as that, and there is no room for more than a hundred', () => {
  const state = folder()
  writeFileSync(join(state.alarms, 'torn.json'), '{"id":')
  expect(leftAlarms(state)).toMatchObject([{ alarm: null }])
  const [alarm] = swept()
  if (alarm === undefined) throw new Error('no alarm')
  const taken = Array.from({ length: 120 }, (_, index) =>
    leaveAlarm(state, { ...alarm, subject: `n${index}` }),
  )
  expect(taken.filter(Boolean)).toHaveLength(99)
})
