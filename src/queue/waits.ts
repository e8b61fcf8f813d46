import type { RunRow, Store } from '../model/ports.ts'
import { mayHaveOthers, type OtherHolder, type Wait, waitsOf } from '../model/wait.ts'

/** What queued runs wait for, for whoever tells people. */
export interface Waits {
  /** Null = the run is not queued, or asked to stop. */
  readonly of: (runId: string) => Promise<Wait | null>
  /** All of them by their runs, in claim order. */
  readonly all: () => Promise<ReadonlyMap<string, Wait>>
  /** A run has left the queue, or ended: what was known is known no more. */
  readonly moved: () => void
}

export interface WaitReads {
  readonly store: Pick<Store, 'queued' | 'live' | 'durations'>
  readonly slots: () => number
  /** Who has a name by the kernel's word; asked only where no run of the records has it. */
  readonly others: () => readonly OtherHolder[]
  readonly now: () => number
}

/** Runs that say how long a recipe takes. */
const MOST_DURATIONS = 20
/** What is expected changes while nothing moves: a holder may be later than all before it. */
const KNOWN_FOR_MS = 5_000

/** One look at the queue serves all who ask until it moves: a long queue is not read for each of its runs. */
export function waitsOn(reads: WaitReads): Waits {
  let known: { readonly waits: Promise<ReadonlyMap<string, Wait>>; readonly atMs: number } | null = null

  function look(): Promise<ReadonlyMap<string, Wait>> {
    const waits = lookOnce(reads)
    known = { waits, atMs: reads.now() }
    waits.catch(forget)
    return waits
  }

  function forget(): void {
    known = null
  }

  function lately(): Promise<ReadonlyMap<string, Wait>> | null {
    const ageMs = reads.now() - (known?.atMs ?? 0)
    return known !== null && ageMs >= 0 && ageMs < KNOWN_FOR_MS ? known.waits : null
  }

  return {
    of: async (id) => (await lately())?.get(id) ?? (await look()).get(id) ?? null,
    all: () => lately() ?? look(),
    moved: forget,
  }
}

async function lookOnce({ store, slots, others, now }: WaitReads): Promise<ReadonlyMap<string, Wait>> {
  const [queued, live] = [await store.queued(), await store.live()]
  const lasted = await durationsOf(store, [...live, ...queued])
  return waitsOf({
    queued,
    live,
    others: mayHaveOthers({ queued, live }) ? others() : [],
    lasted: (row) => lasted.get(keyOf(row)) ?? [],
    slots: slots(),
    nowMs: now(),
  })
}

async function durationsOf(
  store: WaitReads['store'],
  rows: readonly RunRow[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const kinds = new Map(rows.map((row) => [keyOf(row), row]))
  const lasted = new Map<string, readonly number[]>()
  for (const [key, { repositoryId, recipe }] of kinds)
    lasted.set(key, await store.durations(repositoryId, recipe, MOST_DURATIONS))
  return lasted
}

function keyOf({ repositoryId, recipe }: Pick<RunRow, 'repositoryId' | 'recipe'>): string {
  return `${repositoryId} ${recipe}`
}
