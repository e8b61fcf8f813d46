import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BERTH_LABELS, type EngineObject, type ObjectKind } from '../../model/stackObjects.ts'
import type { Engine } from '../docker/engine.ts'
import { listObjects } from '../docker/objects.ts'
import { keepServiceLogs } from '../docker/serviceLogs.ts'
import { openTakingDown } from '../docker/takeDown.ts'
import type { StackStage } from './stage.ts'

/** Networks, configs and secrets are no data: whoever restores a stack has them. */
const LOST: ReadonlySet<ObjectKind> = new Set(['service', 'task', 'container', 'volume'])

/**
 * Takes down what runs of the stack, and removes its volumes: a server that is lost, with the passwords known.
 * @returns what is left when the stage's time is over, for people; null = nothing
 * @throws EngineError
 */
export async function loseData(stage: StackStage, engine: Engine): Promise<string | null> {
  const { request, run, name, orchestrator, secrets, say, signal } = stage
  const kinds = orchestrator.kinds.filter((kind) => LOST.has(kind))
  const logs = join(run.folder, 'stack', `logs-${name}`)
  mkdirSync(logs, { recursive: true, mode: 0o700 })
  const taking = openTakingDown(engine, {
    graceMs: request.budgets.killGraceMs,
    keepLogs: (services) => keepServiceLogs(engine, services, logs, secrets.mask.text),
  })
  const told = new Set<string>()
  for (;;) {
    const all = await listObjects(engine, request.instance, kinds)
    const there = all.filter(({ labels }) => labels[BERTH_LABELS.run] === request.run)
    if (there.length === 0) return null
    if (signal.aborted) return there.map((object) => wordsOf(object, taking.reasonFor(object))).join(', ')
    for (const object of there) tell(object, told, say)
    const pauseMs = await taking.goOn(there)
    await pause(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

function tell({ kind, name }: EngineObject, told: Set<string>, say: (line: string) => void): void {
  if (kind !== 'volume' || told.has(name)) return
  told.add(name)
  say(`volume ${name} is lost`)
}

function wordsOf({ kind, name }: EngineObject, reason: string | null): string {
  return `${kind} ${name}${reason === null ? '' : ` (${reason})`}`
}
