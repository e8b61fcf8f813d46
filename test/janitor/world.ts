import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../src/config.ts'
import type { JanitorWorld } from '../../src/janitor/ports.ts'
import { concludedUnstarted } from '../../src/model/verdict.ts'
import { writeUnstarted } from '../../src/store/result.ts'
import { createRunFolder, type RunPaths } from '../../src/store/runFolder.ts'
import type { StatePaths } from '../../src/store/stateFolder.ts'
import { makeJanitorWorld } from '../../src/world.ts'
import { requestFor } from '../lock/world.ts'

export const DAY_MS = 86_400_000
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** A world as the command line makes it, with this `retention`. */
export function janitorOf(state: StatePaths, retention = '{}'): JanitorWorld {
  writeFileSync(join(state.root, 'berth.yml'), `retention: ${retention}\n`)
  const env = { BERTH_STATE_DIR: state.root }
  const config = loadConfig({ env, cwd: state.root, etc: '/nowhere' })
  return makeJanitorWorld({ config, state })
}

/** The id of a run that was asked for so many days ago; `nth` tells those of one day apart. */
export function idOf(days: number, nth = 0): string {
  let text = ''
  for (
    let rest = Math.round(Date.now() - days * DAY_MS) + nth;
    text.length < 10;
    rest = Math.floor(rest / 32)
  )
    text = `${ALPHABET.charAt(rest % 32)}${text}`
  return `${text}0000zz`
}

export interface Past {
  readonly days: number
  readonly nth?: number
  /** Of a `berth run`: it has no report. */
  readonly foreground?: boolean
  readonly reported?: boolean
  readonly kilobytes?: number
}

/** The folder of a run that ended so many days ago, cleaned and told unless it says otherwise. */
export function pastRun(state: StatePaths, past: Past): RunPaths {
  const { days, nth = 0, foreground = false, reported = true, kilobytes = 0 } = past
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe, { recursive: true })
  const id = idOf(days, nth)
  const request = { ...requestFor(id, [`app-${nth}.ci.localhost`]), foreground }
  const run = createRunFolder(state, request, recipe)
  rmSync(run.reserve)
  writeFileSync(join(run.artifacts, 'file'), Buffer.alloc(kilobytes * 1024, 1))
  writeUnstarted(run, concludedUnstarted('not_started', 'harness: a test'))
  if (reported) writeFileSync(run.reported, '')
  const ended = new Date(Date.now() - days * DAY_MS)
  utimesSync(run.result, ended, ended)
  return run
}
