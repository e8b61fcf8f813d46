import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, expectTypeOf, test } from 'vitest'
import { FIELDS } from '../../src/model/events/fields.ts'
import type { EventRow } from '../../src/model/events/row.ts'
import { RUN_EVENTS } from '../../src/model/events/runs.ts'
import { EVENTS, type EventData, type EventLog, type EventName } from '../../src/model/events.ts'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
const rows: readonly (readonly [string, EventRow])[] = Object.entries(EVENTS)

type Tells<E extends EventName> = (data: EventData<E>, event: E) => void

test('R-OBS-01 an event that is not in the table, at another level, or without its facts, does not compile', () => {
  expectTypeOf<'run.locked'>().toExtend<EventName>()
  expectTypeOf<'run.unlocked'>().not.toExtend<EventName>()
  expectTypeOf<EventLog['info']>().toExtend<Tells<'run.locked'>>()
  expectTypeOf<EventLog['error']>().toExtend<Tells<'loop.failed'>>()
  expectTypeOf<EventLog['info']>().not.toExtend<Tells<'loop.failed'>>()
  expectTypeOf<{ run: string; recipe: string; domain: string; pr: number }>().toExtend<
    EventData<'run.locked'>
  >()
  expectTypeOf<{ run: string; recipe: string; domain: string }>().not.toExtend<EventData<'run.locked'>>()
  expectTypeOf<{ error: number; loop: string }>().not.toExtend<EventData<'loop.failed'>>()
})

test('R-OBS-01 every event of a run’s way carries run, recipe, domain and pull request', () => {
  for (const [name, { fields }] of Object.entries(RUN_EVENTS))
    expect(fields, name).toEqual(expect.arrayContaining(['run', 'recipe', 'domain', 'pr']))
})

test('R-OBS-01 names are a thing and what has happened to it; every field is described, and used', () => {
  const used = new Set(rows.flatMap(([, { fields, more = [] }]) => [...fields, ...more]))
  expect([...used].toSorted()).toEqual(Object.keys(FIELDS).toSorted())
  for (const [name, { means, level, isFault }] of rows) {
    expect(name).toMatch(/^[a-z]+\.[a-z_]+$/)
    expect(means.length, name).toBeGreaterThan(10)
    if (level === 'error') expect(isFault, name).toBe(true)
  }
})

test('R-OBS-01 no event is in the table that nothing tells', () => {
  const texts = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('model/events'))
    .map((path) => readFileSync(join(SRC, path), 'utf8'))
  expect(
    rows.map(([name]) => name).filter((name) => !texts.some((text) => text.includes(`'${name}'`))),
  ).toEqual([])
})
