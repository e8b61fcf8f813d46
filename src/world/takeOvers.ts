import { messageOf } from '../errors.ts'
import { anAlarm, type NewAlarm } from '../model/alarm.ts'
import type { Config } from '../model/config.ts'
import type { EventLog } from '../model/events.ts'
import type { Store } from '../model/ports.ts'
import type { HowTakenOver, NoteTakeOver, TakeOver } from '../model/takeOver.ts'
import { bootId } from '../process/procfs.ts'
import { leaveAlarm } from '../store/alarmFiles.ts'
import type { StatePaths } from '../store/stateFolder.ts'

export interface TakeOverWorld {
  readonly state: StatePaths
  readonly store: Pick<Store, 'raiseAlarm'>
  readonly log: EventLog
  /** Whether anybody wants alarms. */
  readonly config: () => Pick<Config, 'notify'>
}

/** Those of which a person has to know: it is not the death of a process that lets them come to this. */
const ALARMING: Readonly<Partial<Record<HowTakenOver, string>>> = {
  late: 'had its result, and the part of the service that takes results over did not: another part has',
  given_up: 'was concluded without a result: none could be had of it',
}

/** Every run that is taken over is told in the log, which counts it; those that tell of a fault of ours are alarms. */
export function noteTakeOvers({ state, store, log, config }: TakeOverWorld): NoteTakeOver {
  return (takeOver) => {
    log.warn(factsOf(takeOver), 'run.taken_over')
    const words = ALARMING[takeOver.how]
    if (config().notify.webhook === null || words === undefined) return
    const alarm = alarmOf(takeOver, words)
    // It is an event, and not a state that the next look would find again. A full disk takes neither, and must not end the service.
    void store
      .raiseAlarm(alarm)
      .catch(() => leaveAlarm(state, alarm))
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'alarms.fault'))
  }
}

function factsOf({ run, how, by, from }: TakeOver) {
  const { pid = null, startTime = null, boot = null } = from ?? {}
  return { run, how, by, pid, startTime, boot, isThisBoot: boot === bootId() }
}

function alarmOf({ run, how }: TakeOver, words: string): NewAlarm {
  const atMs = Date.now()
  return anAlarm({
    kind: 'forced_take_over',
    subject: run,
    atMs,
    text: `Run ${run} ${words}`,
    about: { run, how },
  })
}
