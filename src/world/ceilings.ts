import { forcedAlarm } from '../janitor/alarms.ts'
import type { Config } from '../model/config.ts'
import type { EventLog } from '../model/events.ts'
import { isOff } from '../model/mechanisms.ts'
import type { Store } from '../model/ports.ts'
import { enforceCeilings, type Overdue } from '../process/ceiling.ts'
import { type Loop, startLoop } from '../queue/loop.ts'
import { leaveAlarm } from '../store/alarmFiles.ts'
import type { StatePaths } from '../store/stateFolder.ts'

const LOOK_EVERY_MS = 15_000

export interface CeilingWorld {
  readonly state: StatePaths
  readonly store: Pick<Store, 'raiseAlarm'>
  readonly log: EventLog
  /** Asked at each look: whether there is one, and whether anybody wants alarms. */
  readonly config: () => Pick<Config, 'switchedOff' | 'notify'>
}

/**
 * While the service lives, it is the one that ends run processes past their ceiling; without it a sweep does. Their wrappers start the next
 * one, which tears down.
 */
export function startCeilings(world: CeilingWorld): AsyncDisposable & Pick<Loop, 'wake'> {
  const told = new Set<string>()
  const loop = startLoop('ceilings', LOOK_EVERY_MS, world.log, async () => {
    if (isOff(world.config(), 'ceilings')) return
    const all = enforceCeilings(world.state, false)
    const tries = await Promise.allSettled(all.map((overdue) => tell(world, overdue, told)))
    const failed = tries.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  })
  return { wake: loop.wake, [Symbol.asyncDispose]: loop.close }
}

/** What cannot be told is said once, and not at every look. */
async function tell(
  { state, store, log, config }: CeilingWorld,
  { run, why, left }: Overdue,
  told: Set<string>,
): Promise<void> {
  if (left) {
    if (!told.has(`${run} ${why}`)) log.warn({ run, why }, 'ceiling.unknown')
    told.add(`${run} ${why}`)
    return
  }
  log.warn({ run, why }, 'ceiling.enforced')
  if (config().notify.webhook === null) return
  const alarm = forcedAlarm(run, why, Date.now())
  // It is an event, and not a state that the next look would find again.
  await store.raiseAlarm(alarm).catch(() => leaveAlarm(state, alarm))
}
