import { join } from 'node:path'
import { stackName } from '../../model/names.ts'
import { fieldsOf, numberOf, optional, textOf, textsOf } from '../../model/read.ts'
import { readIfThere, writeSynced } from '../../store/durable.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import { converge } from '../docker/converge.ts'
import { deployStack } from '../docker/deploy.ts'
import type { Engine } from '../docker/engine.ts'
import type { StackStage, StackStageEnd } from './stage.ts'

/** A file that the engine's client may read, with what has to be there before. */
export interface Deployable {
  readonly path: string
  readonly images: readonly string[]
  /** How long it may take to stand; null = as long as the stage. */
  readonly timeoutMs: number | null
}

/** Has the engine make of the stack what the file says, and waits for it. */
export async function stand(stage: StackStage, engine: Engine, what: Deployable): Promise<StackStageEnd> {
  const { request, say, signal, timeoutMs, cli } = stage
  const wish = { stack: stackName(request.domain), file: what.path, images: what.images, say }
  const limits = { pullTimeoutMs: timeoutMs(), deployTimeoutMs: timeoutMs() }
  const deployed = await deployStack(engine, cli, { ...wish, ...limits }, signal)
  const lost = { ended: deployed.ended, isLost: deployed.client === 'lost' }
  if (deployed.kind === 'cancelled')
    return { outcome: 'cancelled', detail: 'before it was deployed', ...lost }
  if (deployed.kind === 'failed')
    return { outcome: 'failure', detail: `${deployed.fault}: ${deployed.detail}`, ...lost }
  return { ...(await untilItStands(stage, engine, what.timeoutMs)), ...lost }
}

/** Waits until all of the stack runs as its spec says. */
export async function untilItStands(
  { request, say, signal, timeoutMs }: StackStage,
  engine: Engine,
  mostMs: number | null,
): Promise<StackStageEnd> {
  const wish = { stack: stackName(request.domain), timeoutMs: Math.min(timeoutMs(), mostMs ?? Infinity), say }
  const end = await converge(engine, wish, signal)
  if (end.kind === 'converged') return { ...BY_ITSELF, outcome: 'success', detail: 'all of it runs' }
  if (end.kind === 'timed_out') return { ...BY_ITSELF, outcome: 'timed_out', detail: end.detail }
  if (!('lines' in end)) return { ...BY_ITSELF, outcome: 'cancelled', detail: 'before it stood' }
  for (const line of end.lines) say(line)
  return { ...BY_ITSELF, outcome: 'failure', detail: `${end.fault}: ${end.detail}` }
}

const BY_ITSELF = { ended: [], isLost: false } as const

/** What the run has deployed last: the same can be put up again after its data is lost. */
export function noteDeployed(run: RunPaths, deployed: Deployable): void {
  writeSynced(noteIn(run), `${JSON.stringify(deployed)}\n`)
}

/** Null = nothing was. */
export function lastDeployed(run: RunPaths): Deployable | null {
  const text = readIfThere(noteIn(run))
  if (text === null) return null
  const fields = fieldsOf(JSON.parse(text), 'deployed.json')
  return {
    path: textOf(fields, 'path'),
    images: textsOf(fields, 'images'),
    timeoutMs: optional(fields, 'timeoutMs', numberOf),
  }
}

function noteIn({ folder }: RunPaths): string {
  return join(folder, 'stack', 'deployed.json')
}
