import { existsSync, type FSWatcher, rmSync, watch } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { GitHubFault } from '../intake/gitHubFault.ts'
import { claimHeld } from '../lock/claim.ts'
import { deadRuns } from '../lock/deadRuns.ts'
import { adoptForgotten } from '../lock/dirtyNames.ts'
import { letGo, tryAcquire } from '../lock/nameLocks.ts'
import { type Start, startRun } from '../lock/startRun.ts'
import { createTurns, type Turns } from '../lock/turns.ts'
import type { Config } from '../model/config.ts'
import type { InForce } from '../model/inForce.ts'
import { isOff } from '../model/mechanisms.ts'
import { sortedNames } from '../model/names.ts'
import type { RunRow } from '../model/ports.ts'
import type { Recipe } from '../model/recipe.ts'
import { makeRequest, userName } from '../model/request.ts'
import { grantOf } from '../model/secrets.ts'
import { misfitOf } from '../model/stillFits.ts'
import type { NoteTakeOver } from '../model/takeOver.ts'
import type { Machine, Recovered, Turn } from '../queue/ports.ts'
import { readSecrets } from '../secrets/operatorFolder.ts'
import { createOnce } from '../store/durable.ts'
import { hasRunFolder, type RunPaths, readRequest, runPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import type { Launched } from './launch.ts'
import { leavingAfter } from './leavingAfter.ts'
import { createLooks, type Looks } from './looks.ts'
import { processesGone } from './processesGone.ts'
import { recoverer } from './recovery.ts'
import { stopRun } from './stopRun.ts'
import { createWarmRuns, type WarmRuns } from './warmRuns.ts'

export interface MachineParts {
  readonly state: StatePaths
  /** Asked once for each attempt at starting a run: all of it goes by one answer. */
  readonly inForce: () => InForce
  /** A secret for the clone URL, or null where none is needed. Throws when there is none to be had now. */
  readonly cloneToken: (row: RunRow) => Promise<string | null>
  /** Hears of runs that are taken over from processes that are gone. */
  readonly note?: NoteTakeOver
}

/** The service's side of locks, folders and processes. */
export function createMachine(parts: MachineParts): Machine {
  const { state } = parts
  const looks = createLooks(state)
  const turns = createTurns(state)
  const warms = createWarmRuns(state, () => parts.inForce().config.slots)
  const service = recoverer(state, 'service', false, leaveAlone, parts.note)
  // A claim under way works on the descriptors of warm processes: nobody else may close them.
  const claims = leavingAfter(warms.leave)
  return {
    takeTurn: (row) => claims.during(row.id, () => takeTurn(parts, turns, warms, row)),
    leaveTurn(id) {
      turns.leave(id)
      claims.leave(id)
    },
    look: looks.at,
    stop: (id, stop) => void stopRun(runPaths(state, id), stop),
    recover: (row) => recover(state, looks, row, service),
    dead: (rows) => deadRuns(state, rows),
    noteReported: notesOn(state),
    gone: processesGone,
    watch(id, changed) {
      using both = new DisposableStack()
      both.use(looks.keep(id))
      both.use(watchFolders([runPaths(state, id).folder], changed))
      return both.move()
    },
    watchNames: (changed) => watchFolders([state.locks, join(state.locks, 'r:')], changed),
  }
}

async function takeTurn(parts: MachineParts, turns: Turns, warms: WarmRuns, row: RunRow): Promise<Turn> {
  const { state } = parts
  const { config, recipes } = parts.inForce()
  const recipe = recipes.find(({ name }) => name === row.recipe)
  if (recipe === undefined)
    return { kind: 'impossible', why: `there is no usable recipe ${row.recipe} any more` }
  const misfit = misfitOf(row, recipe, config) ?? secretsFault(row, recipe, config)
  if (misfit !== null) return { kind: 'impossible', why: misfit }
  const token = await parts.cloneToken(row).then((cloneToken) => ({ cloneToken }), withoutToken)
  if ('kind' in token) return token
  const { cloneToken } = token
  const users = config.runAs.length === 0 ? [null] : config.runAs
  const variants = users.map((user) =>
    user === null ? row.names : sortedNames([...row.names, userName(user)]),
  )
  const isWarming = !isOff(config, 'warm')
  if (!isWarming) warms.leave(row.id)
  const recover = recoverer(state, `run ${row.id}`, false, leaveAlone, parts.note)
  const ahead = warms.of(row.id, variants)
  const claimed = await turns.take(row.id, row.names, variants, recover, ahead).catch(unusable)
  if (isWarming && claimed.kind === 'busy' && turns.isNext(row.id))
    await warms.prepare({ id: row.id, names: row.names, variants, foreground: false }, claimed.run)
  if (claimed.kind !== 'held') return claimed
  const warm = warms.take(row.id, claimed)
  const giveBack = () => {
    letGo(claimed)
    void warm?.end()
  }
  const runAs = users.find((user) => user === null || claimed.names.includes(userName(user)))
  if (runAs === undefined) {
    giveBack()
    return { kind: 'unready', why: 'a user for its stages' }
  }
  const request = makeRequest(wishOf(row), recipe, config, runAs)
  const recipeFolder = recipe.folder
  return {
    kind: 'held',
    giveBack,
    start: () => launched({ state, request, recipeFolder, held: claimed, cloneToken, warm }),
  }
}

async function launched(start: Start): Promise<Launched> {
  const { wrapper } = await startRun(start)
  leaveAlone(wrapper)
  return wrapper
}

function secretsFault({ fork }: RunRow, recipe: Recipe, { secretsDir }: Config): string | null {
  const { faults } = readSecrets(recipe.name, grantOf(recipe, secretsDir, fork))
  return faults.length === 0 ? null : faults.join('; ')
}

/** An App that was taken off the repository gets no token whatever the time: the run would hold up for ever whoever wants its names. */
function withoutToken(error: unknown): Turn & { readonly kind: 'unready' | 'impossible' } {
  if (error instanceof GitHubFault && !error.retryable) return { kind: 'impossible', why: error.message }
  return { kind: 'unready', why: `GitHub to give a token (${messageOf(error)})` }
}

/** A lock that cannot be used (a full disk, a folder in its place) is something to wait for, in sight of everybody. */
function unusable(error: unknown): Turn & { readonly kind: 'unready' } {
  return { kind: 'unready', why: `its locks to be usable (${messageOf(error)})` }
}

/** A child keeps its parent's event loop alive: the service ends without its runs. */
function leaveAlone({ child }: Launched): void {
  child.unref()
}

function wishOf(row: RunRow) {
  const { id, domain, names, repository, repositoryId, cloneUrl, pr, sha, ref, fork, actor, keepMs } = row
  const code = { repository, cloneUrl, pr, sha, ref, fork }
  const rest = { domain, names, ...code, actor, keepMs, arguments: row.arguments }
  const asked = { foreground: false, requestedAtMs: row.enqueuedAtMs }
  return { run: id, repositoryId: `github-${repositoryId}`, ...rest, ...asked }
}

/**
 * On a disk that takes nothing the end of a run stands all the same, and its note is owed: with the next end it is tried again. Without it nobody may
 * prune the folder, and make room.
 */
function notesOn(state: StatePaths): (id: string) => void {
  const owed = new Set<string>()
  return (id) => {
    owed.add(id)
    for (const one of owed) if (isNoted(runPaths(state, one))) owed.delete(one)
  }
}

function isNoted(run: RunPaths): boolean {
  try {
    createOnce(run.reported, '')
    return true
  } catch {
    return !hasRunFolder(run)
  }
}

/** All names that the run was started with; those that it was queued with where it has no request yet. */
async function recover(
  state: StatePaths,
  looks: Looks,
  row: RunRow,
  by: ReturnType<typeof recoverer>,
): Promise<Recovered> {
  adoptForgotten(state, row.id)
  const held = tryAcquire(state, namesOf(looks, row))
  if (held.kind === 'busy') return { kind: 'busy' }
  const claimed = await claimHeld(state, held, by)
  if (claimed.kind !== 'held') return claimed.kind === 'dirty' ? claimed : { kind: 'busy' }
  try {
    if (isUnbegun(runPaths(state, row.id)))
      rmSync(runPaths(state, row.id).folder, { recursive: true, force: true })
    return { kind: 'clean' }
  } finally {
    letGo(claimed)
  }
}

/** A folder without its request was made by somebody who died over it: marks and processes come later, so the run can begin anew. */
function isUnbegun(run: RunPaths): boolean {
  if (existsSync(run.journal) || existsSync(run.result)) return false
  try {
    readRequest(run)
    return false
  } catch {
    return true
  }
}

function namesOf(looks: Looks, row: RunRow): RunRow['names'] {
  try {
    return looks.names(row.id)
  } catch {
    return row.names
  }
}

/** Without a watcher (no inotify instances left) the regular looks still come. */
function watchFolders(folders: readonly string[], changed: () => void): Disposable {
  const watchers: FSWatcher[] = []
  for (const folder of folders) {
    try {
      watchers.push(watch(folder, changed).on('error', () => undefined))
    } catch {
      continue
    }
  }
  return {
    [Symbol.dispose]() {
      for (const watcher of watchers) watcher.close()
    },
  }
}
