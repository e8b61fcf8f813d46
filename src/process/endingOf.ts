import type { Ending, Proof } from '../model/ending.ts'
import type { Ended } from './containment.ts'

/** Several attempts at one end, in order. The last one has looked at everything, so that what it shows and what it names counts. */
export function endingOf(attempts: readonly Ended[], graceMs: number): Ending {
  const { proofs, left } = attempts.at(-1) ?? { proofs: [], left: [] }
  return {
    asked: countOf(attempts.map(({ asked }) => asked)),
    killed: countOf(attempts.map(({ killed }) => killed)),
    graceMs,
    tookMs: Math.round(attempts.reduce((sum, { tookMs }) => sum + tookMs, 0)),
    proofs: left.length === 0 ? byKind(proofs) : [],
    left,
  }
}

/** How many processes had to be ended: none counts twice. */
export function countEnded(attempts: readonly Ended[]): number {
  return countOf(attempts.flatMap(({ asked, killed }) => [asked, killed]))
}

function countOf(pids: readonly ReadonlySet<number>[]): number {
  return new Set(pids.flatMap((some) => [...some])).size
}

function byKind(proofs: readonly Proof[]): readonly Proof[] {
  const kinds = [...new Set(proofs.map(({ kind }) => kind))]
  return kinds.map((kind) => ({
    kind,
    count: proofs.filter((proof) => proof.kind === kind).reduce((sum, { count }) => sum + count, 0),
  }))
}
