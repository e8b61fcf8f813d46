import type { Config } from '../model/config.ts'
import type { EventLog } from '../model/events.ts'
import { isOff } from '../model/mechanisms.ts'
import { type Forgetting, forget } from '../queue/forget.ts'
import { type Loop, startLoop } from '../queue/loop.ts'
import { hasRunFolder, runPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'

const EVERY_MS = 3_600_000
const DAY_MS = 24 * EVERY_MS

export interface ForgettingWorld {
  readonly state: StatePaths
  readonly store: Forgetting['store']
  readonly config: () => Pick<Config, 'retention' | 'switchedOff'>
  readonly log: EventLog
}

/** Payloads and runs are kept to explain what was decided; ids of deliveries for ever, so that none is decided twice. */
export function startForgetting({
  state,
  store,
  config,
  log,
}: ForgettingWorld): AsyncDisposable & Pick<Loop, 'wake'> {
  const hasFolder = (id: string) => hasRunFolder(runPaths(state, id))
  const loop = startLoop('retention', EVERY_MS, log, async () => {
    const keptMs = config().retention.days * DAY_MS
    if (!isOff(config(), 'retention')) await forget({ store, hasFolder }, Date.now() - keptMs)
  })
  return { wake: loop.wake, [Symbol.asyncDispose]: loop.close }
}
