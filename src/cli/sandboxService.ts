import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deathOf, end, lineWith, startPart } from './sandboxParts.ts'

export const SERVICE_LOG = 'service.err'

const LAUNCHER = fileURLToPath(new URL('../../scripts/berth', import.meta.url))
/** A service that dies sooner than this after it was ready has not lived. */
const LIVED_MS = 5_000
const MOST_SHORT_LIVES = 3

/** Starts `berth serve` in the environment given and returns it when it listens. Its log goes to the folder.
 * @throws HarnessError when it ends before that */
export async function startService(folder: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const log = join(folder, SERVICE_LOG)
  const child = startPart(log, [LAUNCHER, 'serve', '--until-stdin-ends'], env)
  await lineWith(child, 'service.ready', 'The service', log)
  return child
}

export interface KeptService {
  /** Resolves when it is not started again: it did not come up, or died three times in a row as soon as it was up. */
  readonly givenUp: Promise<true>
  readonly pid: () => number | undefined
  readonly end: () => Promise<void>
}

/** Keeps a service up as a service manager does, so that a person may kill it and see that nothing is lost. */
export async function keepService(
  start: () => Promise<ChildProcess>,
  say: (line: string) => void,
): Promise<KeptService> {
  let [child, upAt, shortLives, ending] = [await start(), performance.now(), 0, false]
  const keep = async (): Promise<boolean> => {
    while (true) {
      await deathOf(child)
      if (ending) return false
      shortLives = performance.now() - upAt < LIVED_MS ? shortLives + 1 : 0
      if (shortLives >= MOST_SHORT_LIVES) return true
      say(`The service died (${child.signalCode ?? child.exitCode}); it is started again.`)
      child = await start()
      if (ending) return false
      upAt = performance.now()
      say(`The service is up again (process ${child.pid}).`)
    }
  }
  const kept = keep().catch(() => !ending)
  return {
    givenUp: new Promise((resolve) => void kept.then((gaveUp) => gaveUp && resolve(true))),
    pid: () => child.pid,
    end: async () => {
      ending = true
      await end(child)
      await kept
      await end(child)
    },
  }
}
