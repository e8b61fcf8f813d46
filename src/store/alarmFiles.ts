import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ALARM_KINDS, type NewAlarm } from '../model/alarm.ts'
import { type Fields, fieldsOf, numberOf, oneOf, textOf } from '../model/read.ts'
import { createOnce, readIfThere, removeIfThere } from './durable.ts'
import { entriesOf, type StatePaths } from './stateFolder.ts'

/** So many alarms wait in files at most: who raises more has one trouble, not hundreds. */
const MOST_FILES = 100

/**
 * Leaves an alarm for the service: from the janitor, which works without its records. One about the same thing that still lies there stands
 * for both. False = it does, or there is no room for more.
 */
export function leaveAlarm(paths: StatePaths, alarm: NewAlarm): boolean {
  if (entriesOf(paths.alarms).length >= MOST_FILES) return false
  const about = createHash('sha256').update(alarm.subject).digest('hex').slice(0, 16)
  return createOnce(join(paths.alarms, `${alarm.kind}-${about}.json`), JSON.stringify(alarm))
}

/** An alarm that lies there; `remove` it once it is in the records: its id tells it from another one. */
export interface LeftAlarm {
  /** Null = the file cannot be read. */
  readonly alarm: NewAlarm | null
  readonly file: string
  readonly remove: () => void
}

export function leftAlarms(paths: StatePaths): readonly LeftAlarm[] {
  return entriesOf(paths.alarms)
    .filter((entry) => !entry.startsWith('.'))
    .map((entry) => {
      const file = join(paths.alarms, entry)
      return { alarm: readAlarm(file), file, remove: () => removeIfThere(file) }
    })
}

function readAlarm(file: string): NewAlarm | null {
  try {
    const fields = fieldsOf(JSON.parse(readIfThere(file) ?? ''), 'alarm')
    return {
      id: textOf(fields, 'id'),
      kind: oneOf(fields, 'kind', ALARM_KINDS),
      subject: textOf(fields, 'subject'),
      atMs: numberOf(fields, 'atMs'),
      text: textOf(fields, 'text'),
      about: aboutOf(fieldsOf(fields['about'], 'about')),
    }
  } catch {
    return null
  }
}

function aboutOf(fields: Fields): NewAlarm['about'] {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'string' || typeof value === 'number' ? value : null,
    ]),
  )
}
