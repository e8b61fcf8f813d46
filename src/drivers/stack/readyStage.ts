import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { HarnessError, messageOf } from '../../errors.ts'
import type { Readiness } from '../../model/recipe.ts'
import type { Engine } from '../docker/engine.ts'
import { EngineError } from '../docker/engineError.ts'
import { containersOf } from './containers.ts'
import type { StackStage, StackStageEnd } from './stage.ts'
import { type Target, targetOf } from './target.ts'

/** Of one probe. */
const MOST_PROBE_MS = 5_000

/** Waits until every task of the service answers, so many times in a row; what answers once may be on its way down. */
export async function ready(stage: StackStage, engine: Engine, rule: Readiness): Promise<StackStageEnd> {
  const { signal, say } = stage
  const target = targetOf(rule)
  let [count, said] = [0, '']
  while (!signal.aborted) {
    const fault = await faultOf(stage, engine, rule, target)
    count = fault === null ? count + 1 : 0
    if (count === rule.tries)
      return { ...BY_ITSELF, outcome: 'success', detail: `answered ${count} times in a row` }
    if (fault !== null && fault.isFinal) return { ...BY_ITSELF, outcome: 'failure', detail: fault.text }
    const words = fault?.text ?? 'it answers; it must go on'
    if (words !== said) say(words)
    said = words
    await pause(rule.everyMs, undefined, { signal }).catch(() => undefined)
  }
  return { ...BY_ITSELF, outcome: 'cancelled', detail: said }
}

const BY_ITSELF = { ended: [], isLost: false } as const

interface ProbeFault {
  readonly text: string
  /** To wait longer would change nothing. */
  readonly isFinal: boolean
}

async function faultOf(
  stage: StackStage,
  engine: Engine,
  rule: Readiness,
  target: Target,
): Promise<ProbeFault | null> {
  const later = (text: string) => ({ text, isFinal: false })
  try {
    const containers = await containersOf(stage, engine, target.service)
    if (containers.length === 0) return later(`no task of ${target.service} runs here`)
    for (const { address } of containers) {
      if (address === null)
        return {
          text: `${target.service} is on internal networks only, where nobody outside reaches it; look from inside with exec`,
          isFinal: true,
        }
      const fault = await probe(rule, address, target, stage.signal)
      if (fault !== null) return later(`${target.service} (${address}:${target.port}): ${fault}`)
    }
    return null
  } catch (error) {
    if (error instanceof HarnessError && error.code === 'NO_SERVICE')
      return { text: error.message, isFinal: true }
    if (error instanceof EngineError) return later(messageOf(error))
    throw error
  }
}

/** What was wrong with the answer, or null. */
function probe(
  rule: Readiness,
  host: string,
  { port, path }: Target,
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    if ('tcp' in rule) {
      const socket = connect({ host, port, timeout: MOST_PROBE_MS, signal })
      const end = (fault: string | null) => {
        socket.destroy()
        resolve(fault)
      }
      socket
        .once('connect', () => end(null))
        .once('timeout', () => end('no answer'))
        .once('error', (error) => end(messageOf(error)))
      return
    }
    const request = get(
      { host, port, path, agent: false, timeout: MOST_PROBE_MS, signal },
      ({ statusCode }) => {
        request.destroy()
        resolve(statusCode === rule.status ? null : `answers ${statusCode}, and not ${rule.status}`)
      },
    )
    request
      .once('timeout', () => request.destroy(new Error('no answer')))
      .once('error', (error) => resolve(messageOf(error)))
  })
}
