import { lookAtNames } from '../lock/look.ts'
import { anAlarm, type NewAlarm } from '../model/alarm.ts'
import type { Config } from '../model/config.ts'
import type { EventLog } from '../model/events.ts'
import { isOff } from '../model/mechanisms.ts'
import type { Store } from '../model/ports.ts'
import type { Report } from '../model/report.ts'
import { startLoop } from '../queue/loop.ts'
import { alarmPost } from '../report/alarmPost.ts'
import { type AlarmNote, type Alarms, startAlarms } from '../report/alarms.ts'
import { SYSTEM_TIME } from '../report/time.ts'
import { leftAlarms } from '../store/alarmFiles.ts'
import type { StatePaths } from '../store/stateFolder.ts'

const LOOK_EVERY_MS = 15_000

export interface AlarmWorld {
  readonly state: StatePaths
  readonly store: Store
  readonly log: EventLog
  /** Asked at each look. Without a webhook alarms go nowhere, and none is raised. */
  readonly config: () => Pick<Config, 'switchedOff' | 'notify'>
}

/** Raises and sends alarms; without a webhook, or switched off, does neither. */
export function startAlarming(world: AlarmWorld): AsyncDisposable & Pick<Alarms, 'fault' | 'wake'> {
  const { config, store, log } = world
  const note = (told: AlarmNote) => noteAlarm(log, told)
  const post = () => {
    const { webhook } = config().notify
    return webhook === null || isOff(config(), 'alarms') ? null : alarmPost(webhook)
  }
  const alarms = startAlarms({ store, post, time: SYSTEM_TIME, note })
  const loop = startLoop('watch for alarms', LOOK_EVERY_MS, log, async () =>
    post() === null ? undefined : raiseSeen(world, alarms.wake),
  )
  return {
    fault: () => loop.fault() ?? alarms.fault(),
    wake() {
      loop.wake()
      alarms.wake()
    },
    async [Symbol.asyncDispose]() {
      await loop.close()
      await alarms[Symbol.asyncDispose]()
    },
  }
}

function noteAlarm(log: EventLog, told: AlarmNote): void {
  if (told.event === 'alarms.fault') return log.error({ error: told.error }, told.event)
  const { alarm } = told
  const about = { alarm: alarm.id, kind: alarm.kind, subject: alarm.subject, attempts: told.attempts }
  if (told.event === 'alarm.sent') log.info(about, told.event)
  if (told.event === 'alarm.put_off')
    log.warn({ ...about, error: told.error, untilMs: told.untilMs }, told.event)
  if (told.event === 'alarm.given_up') log.warn({ ...about, error: told.error }, told.event)
}

/** What stands in the state folder: names that nobody can clean, and what the janitor has left. Removed only when it is in the records. */
async function raiseSeen({ state, store, log }: AlarmWorld, wake: () => void): Promise<void> {
  async function raise(alarm: NewAlarm): Promise<void> {
    if (!(await store.raiseAlarm(alarm))) return
    log.warn({ alarm: alarm.id, kind: alarm.kind, subject: alarm.subject, text: alarm.text }, 'alarm.raised')
    wake()
  }
  for (const { alarm, file, remove } of leftAlarms(state)) {
    if (alarm === null) log.warn({ file }, 'alarm.unreadable')
    else await raise(alarm)
    remove()
  }
  for (const { name, run, state: stands } of lookAtNames(state))
    if (stands === 'blocked') await raise(blockedAlarm(name, run))
}

function blockedAlarm(name: string, run: string | null): NewAlarm {
  return anAlarm({
    kind: 'name_blocked',
    subject: name,
    atMs: Date.now(),
    text: `${name} is blocked: cleaning it has failed three times, or what its last run left behind cannot be read. Mend it, then: berth locks release ${name} --reason …`,
    about: { name, run },
  })
}

/** When GitHub refuses one report of a repository for good it mostly refuses many: they are one alarm. */
export function reportAlarm({ key, runId, repository, pr }: Report, error: string, atMs: number): NewAlarm {
  return anAlarm({
    kind: 'report_failed',
    subject: repository,
    atMs,
    text: `GitHub could not be told ${key} of ${repository}#${pr}: ${error}. Send it again with: berth reports retry --all`,
    about: { report: key, run: runId, repository, pr },
  })
}
