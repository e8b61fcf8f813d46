import { EXIT } from '../errors.ts'
import { MECHANISMS } from '../model/mechanisms.ts'
import { limitsLook } from '../web/limits.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { withStore } from './queue.ts'
import { momentText, table } from './table.ts'

/** `berth limits`: whose limits are used up, what is not started again, and what is switched off in berth.yml. */
export async function showLimits({ config, state, stdout }: Context, json: boolean): Promise<number> {
  const look = await withStore(state, (store) => limitsLook({ store, config: () => config, now: Date.now }))
  const { limits, usedUp, crashLoops } = look ?? { limits: config.limits, usedUp: [], crashLoops: [] }
  const switchedOff = config.switchedOff.map((mechanism) => ({ mechanism, meaning: MECHANISMS[mechanism] }))
  if (json) {
    stdout.write(jsonText({ limits, usedUp, crashLoops, switchedOff }))
    return EXIT.ok
  }
  const hourly = usedUp.map(({ kind, who, used, most, limit, freeAtMs }) => [
    `${kind.replaceAll('_', ' ')} ${who}`,
    `${used} of ${most} (limits.${limit})`,
    momentText(freeAtMs, stdout),
  ])
  const loops = crashLoops.map(({ repository, pr, recipe, sha, times, title, untilMs }) => [
    `${recipe} at ${repository}#${pr} ${sha.slice(0, 12)}`,
    `${times} faults in a row: ${title}`,
    momentText(untilMs, stdout),
  ])
  const held = [...hourly, ...loops]
  stdout.write(
    held.length === 0 ? 'Nobody is held back.\n' : table(['held back', 'why', 'until'], held, stdout),
  )
  const off = switchedOff.map(({ mechanism, meaning }) => [mechanism, meaning])
  stdout.write(
    off.length === 0
      ? 'Nothing is switched off.\n'
      : `\n${table(['switched off', 'meanwhile'], off, stdout)}`,
  )
  return EXIT.ok
}
