import { type FSWatcher, watch } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import { EMPTY_JOURNAL, type Journal } from '../model/journal.ts'
import type { Verdict } from '../model/run.ts'
import { readResult } from '../store/result.ts'
import { type RunPaths, readJournal } from '../store/runFolder.ts'

const LONGEST_LOOK_AWAY_MS = 500

/**
 * Calls back whenever the journal has grown, until the run is over.
 * @param wrapperEnded the wrapper is the run's owner: while it lives, the run does
 * @param recover called when the wrapper has ended without a result, until one is there or nothing more can be done
 * @returns the result, or null when there is none to be had
 */
export async function followRun(
  run: RunPaths,
  wrapperEnded: Promise<void>,
  grown: (journal: Journal) => void,
  recover: () => Promise<{ readonly kind: 'held' | 'busy' | 'dirty' }>,
): Promise<Verdict | null> {
  const end = wrapperEnded.then(() => 'over' as const)
  using folder = watchFolder(run.folder)
  do grown(journalOf(run))
  while ((await Promise.race([end, folder.changed(LONGEST_LOOK_AWAY_MS)])) !== 'over')
  grown(journalOf(run))
  return readResult(run) ?? resultOfRecovery(run, grown, recover)
}

async function resultOfRecovery(
  run: RunPaths,
  grown: (journal: Journal) => void,
  recover: () => Promise<{ readonly kind: 'held' | 'busy' | 'dirty' }>,
): Promise<Verdict | null> {
  for (;;) {
    const { kind } = await recover()
    grown(journalOf(run))
    const result = readResult(run)
    if (result !== null || kind !== 'busy') return result
    await pause(LONGEST_LOOK_AWAY_MS)
  }
}

/** The run goes on, whatever a stage has put in its journal's place. */
function journalOf(run: RunPaths): Journal {
  try {
    return readJournal(run)
  } catch (error) {
    return { ...EMPTY_JOURNAL, prepareFault: messageOf(error) }
  }
}

interface Watched extends Disposable {
  readonly changed: (mostMs: number) => Promise<'changed'>
}

function watchFolder(path: string): Watched {
  let pending = false
  let wake = (): void => undefined
  let watcher: FSWatcher | null = null
  try {
    watcher = watch(path, () => {
      pending = true
      wake()
    }).on('error', () => undefined)
  } catch {
    watcher = null
  }
  return {
    async changed(mostMs) {
      const early = new AbortController()
      wake = () => early.abort()
      if (!pending) await pause(mostMs, undefined, { signal: early.signal }).catch(() => undefined)
      pending = false
      return 'changed'
    },
    [Symbol.dispose]: () => watcher?.close(),
  }
}
