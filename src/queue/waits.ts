import { inClaimOrder } from '../model/claimOrder.ts'
import type { Store } from '../model/ports.ts'
import type { QueuedRun } from '../model/queued.ts'
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
  readonly store: Pick<Store, 'queueSince' | 'live' | 'durations'>
  readonly slots: () => number
  /** Who has a name by the kernel's word; asked only where no run of the records has it. */
  readonly others: () => readonly OtherHolder[]
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets; tells what a look costs. */
  readonly monotonic?: () => number
}

/** Runs that say how long a recipe takes. */
const MOST_DURATIONS = 20
/** What is expected changes while nothing moves: a holder may be later than all before it. */
const KNOWN_FOR_MS = 5_000

/** Up to here a look is cheap enough for each who asks. */
const LONG = 1_000
/** A long queue is looked at for no more than one in so many parts of the time, however fast it moves. */
const REST_TIMES = 20

/** Queued runs that are kept in memory from one look to the next: half a kilobyte each. */
const MOST_KEPT = 2_000

interface Known {
  readonly waits: Promise<ReadonlyMap<string, Wait>>
  readonly atMs: number
  /** Until then (monotonic) it is good enough, whatever moves. */
  restUntilMs: number
  moved: boolean
}

/** One look at the queue serves all who ask until it moves: a long queue is not read for each of its runs. */
export function waitsOn(reads: WaitReads): Waits {
  const { monotonic = () => performance.now() } = reads
  const readQueue = queueReader(reads.store)
  let known: Known | null = null

  function look(): Promise<ReadonlyMap<string, Wait>> {
    const beganMs = monotonic()
    const one: Known = { waits: lookOnce(reads, readQueue), atMs: reads.now(), restUntilMs: 0, moved: false }
    known = one
    void one.waits
      .then(({ size }) => rest(one, size, monotonic() - beganMs))
      .catch(() => {
        if (known === one) known = null
      })
    return one.waits
  }

  function rest(one: Known, length: number, tookMs: number): void {
    if (length > LONG) one.restUntilMs = monotonic() + REST_TIMES * tookMs
  }

  function rests(): boolean {
    return known !== null && monotonic() < known.restUntilMs
  }

  function lately(): Promise<ReadonlyMap<string, Wait>> | null {
    if (known === null || rests()) return known?.waits ?? null
    const ageMs = reads.now() - known.atMs
    return !known.moved && ageMs >= 0 && ageMs < KNOWN_FOR_MS ? known.waits : null
  }

  return {
    async of(id) {
      const wait = (await lately())?.get(id)
      if (wait !== undefined || rests()) return wait ?? null
      return (await look()).get(id) ?? null
    },
    all: () => lately() ?? look(),
    moved() {
      if (known !== null) known.moved = true
    },
  }
}

/** All that are queued. As long as they are not too many to be kept, only what is new of them is read. */
function queueReader(store: Pick<WaitReads['store'], 'queueSince'>): () => Promise<readonly QueuedRun[]> {
  let kept: { readonly runs: ReadonlyMap<string, QueuedRun>; readonly upTo: number } | null = null
  return async () => {
    const before = kept
    const { queued, left, upTo } = await store.queueSince(before?.upTo ?? null)
    const runs = new Map(before?.runs)
    for (const id of left) runs.delete(id)
    for (const run of queued) runs.set(run.id, run)
    kept = runs.size > MOST_KEPT ? null : { runs, upTo }
    return [...runs.values()]
  }
}

async function lookOnce(
  { store, slots, others, now }: WaitReads,
  readQueue: () => Promise<readonly QueuedRun[]>,
): Promise<ReadonlyMap<string, Wait>> {
  const [queued, live] = [inClaimOrder(await readQueue(), now()), await store.live()]
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
  rows: readonly Kind[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const kinds = new Map(rows.map((row) => [keyOf(row), row]))
  const lasted = new Map<string, readonly number[]>()
  for (const [key, { repositoryId, recipe }] of kinds)
    lasted.set(key, await store.durations(repositoryId, recipe, MOST_DURATIONS))
  return lasted
}

type Kind = Pick<QueuedRun, 'repositoryId' | 'recipe'>

function keyOf({ repositoryId, recipe }: Kind): string {
  return `${repositoryId} ${recipe}`
}
