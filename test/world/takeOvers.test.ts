import { rmSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { TAKE_OVERS } from '../../src/model/takeOver.ts'
import { bootId } from '../../src/process/procfs.ts'
import { leftAlarms } from '../../src/store/alarmFiles.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { noteTakeOvers } from '../../src/world/takeOvers.ts'
import { stateFolder } from '../lock/world.ts'

const FROM = { pid: 12, startTime: '77', boot: bootId() }

async function aScene(alarms: boolean) {
  const state = stateFolder()
  const store = await openStore(state.database)
  onTestFinished(() => store.close().catch(() => undefined))
  const told: object[] = []
  const tell = (data: object, event: string) => void told.push({ ...data, event })
  const config = () => ({ notify: { webhook: alarms ? 'https://alarms.test/' : null } })
  const log = { info: () => undefined, warn: tell, error: tell }
  return { state, store, told, note: noteTakeOvers({ state, store, log, config }) }
}

test('R-JAN-09 each take-over is told with the identity of whom it was taken from; those of whose process nobody died are alarms', async () => {
  const { store, told, note } = await aScene(true)
  for (const how of TAKE_OVERS) note({ run: `run-${how}`, how, by: 'service', from: FROM })
  note({ run: 'r', how: 'recovered', by: 'run x', from: { ...FROM, boot: 'another' } })
  note({ run: 'r', how: 'given_up', by: 'service', from: null })
  expect(told.at(0)).toEqual({
    run: 'run-recovered',
    how: 'recovered',
    by: 'service',
    ...FROM,
    isThisBoot: true,
    event: 'run.taken_over',
  })
  expect(told.at(-2)).toMatchObject({ boot: 'another', isThisBoot: false })
  expect(told).toHaveLength(TAKE_OVERS.length + 2)
  const due = await store.dueAlarms(9e15, 10)
  expect(due.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    'forced_take_over run-late',
    'forced_take_over run-given_up',
    'forced_take_over r',
  ])
  expect(JSON.parse(due[0]?.body ?? '')).toMatchObject({
    run: 'run-late',
    how: 'late',
    text: expect.stringMatching(/^Run run-late had its result/),
  })
})

test('R-JAN-09 without anybody who wants alarms there are none; where the records take none it is left for later', async () => {
  const silent = await aScene(false)
  silent.note({ run: 'r', how: 'late', by: 'service', from: null })
  expect(await silent.store.alarmCounts()).toEqual({ pending: 0, failed: 0 })
  const { state, store, note } = await aScene(true)
  await store.close()
  note({ run: 'r', how: 'late', by: 'service', from: null })
  await expect.poll(() => [...leftAlarms(state)].map(({ alarm }) => alarm?.subject)).toEqual(['r'])
})

test('R-JAN-09 R-RUN-16 nor does a disk that takes no file either end the service: the log has what could not be told', async () => {
  const { state, store, told, note } = await aScene(true)
  await store.close()
  rmSync(state.alarms, { recursive: true })
  writeFileSync(state.alarms, 'no folder')
  note({ run: 'r', how: 'late', by: 'service', from: null })
  await expect
    .poll(() => told.at(-1))
    .toMatchObject({ event: 'alarms.fault', error: expect.stringContaining('ENOTDIR') })
})
