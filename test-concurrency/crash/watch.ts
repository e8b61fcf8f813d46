import type { DeliveryRecord } from '../../src/sandbox/github/deliveries.ts'
import type { Scene } from '../service/fixtures/scene.ts'
import type { Service } from '../service/fixtures/service.ts'
import { lookAtRecords } from './found.ts'

/** A webhook that met no service, or one that died over it, is delivered once more, as a person would have it. */
export function redeliver(scene: Scene, service: Service): void {
  if (!isReady(service)) return
  for (const { id, status } of deliveriesOf(scene))
    if (status.kind === 'failed') scene.gitHub.deliveries.redeliver(id)
}

/** The newest attempt at each. */
function deliveriesOf({ gitHub }: Scene): Iterable<DeliveryRecord> {
  const records = gitHub.deliveries.records().toReversed()
  return new Map(records.map((record) => [record.guid, record])).values()
}

/** Does it take webhooks. */
export function isReady({ started }: Service): boolean {
  return !started.isOver() && started.output().includes('"service.ready"')
}

/** Nothing is on its way to the service or to GitHub any more. */
export function isTold(scene: Scene): boolean {
  if ([...deliveriesOf(scene)].some(({ status }) => status.kind !== 'answered')) return false
  const records = lookAtRecords(scene.world)
  return records?.waiting.length === 0 && records.undecided === 0
}

const BETWEEN_LOOKS_MS = 50

/** A look that takes its time, asked often. */
export function seldom(look: () => boolean): () => boolean {
  let nextAt = 0
  return () => {
    if (performance.now() < nextAt) return false
    const seen = look()
    nextAt = performance.now() + BETWEEN_LOOKS_MS
    return seen
  }
}
