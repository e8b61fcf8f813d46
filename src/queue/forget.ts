import { setImmediate as turn } from 'node:timers/promises'
import type { Store } from '../model/ports.ts'

export interface Forgetting {
  readonly store: Pick<Store, 'forgetPayloads' | 'forgetAlarms' | 'runsOver' | 'forgetRuns'>
  /** Does the run have a folder still: the janitor prunes those, and whoever finds one wants its record. */
  readonly hasFolder: (run: string) => boolean
}

/**
 * Forgets what is older than is kept: payloads of deliveries, alarms, and runs that were over before then with what was told of them. Never a run that
 * has a folder, or of which GitHub is still to be told something. Others are served between two pages: the store answers within one turn of the
 * event loop.
 */
export async function forget({ store, hasFolder }: Forgetting, beforeMs: number): Promise<void> {
  while ((await store.forgetPayloads(beforeMs)) > 0) await turn()
  while ((await store.forgetAlarms(beforeMs)) > 0) await turn()
  let page = await store.runsOver(beforeMs, null)
  while (page.length > 0) {
    await store.forgetRuns(page.map(({ id }) => id).filter((id) => !hasFolder(id)))
    await turn()
    page = await store.runsOver(beforeMs, page.at(-1) ?? null)
  }
}
