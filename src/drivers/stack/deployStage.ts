import { join } from 'node:path'
import { HarnessError } from '../../errors.ts'
import { isMap } from '../../model/enginePolicy/look.ts'
import { stackName } from '../../model/names.ts'
import type { StackRequest } from '../../model/stack.ts'
import { BERTH_LABELS } from '../../model/stackObjects.ts'
import { runCli } from '../docker/cli.ts'
import { converge } from '../docker/converge.ts'
import { deployStack } from '../docker/deploy.ts'
import type { Engine } from '../docker/engine.ts'
import { deployableFile } from '../docker/resolvedFile.ts'
import { copySources, type PlacedRefusal } from '../docker/sources.ts'
import type { StackStage, StackStageEnd } from './stackStage.ts'

const RESOLVE_MS = 60_000

interface Resolved {
  readonly path: string
  readonly images: readonly string[]
}

/** Deploys the checkout's stack, and waits until it stands; red with every reason that a person can do something about. */
export async function deploy(stage: StackStage, engine: Engine, stack: StackRequest): Promise<StackStageEnd> {
  const { request, say, signal, timeoutMs, cli } = stage
  const name = stackName(request.domain)
  const resolved = await resolve(stage, stack)
  if ('outcome' in resolved) return resolved
  const wish = { stack: name, file: resolved.path, images: resolved.images, say }
  const limits = { pullTimeoutMs: timeoutMs(), deployTimeoutMs: timeoutMs() }
  const deployed = await deployStack(engine, cli, { ...wish, ...limits }, signal)
  const lost = { ended: deployed.ended, isLost: deployed.client === 'lost' }
  if (deployed.kind === 'cancelled')
    return { outcome: 'cancelled', detail: 'before it was deployed', ...lost }
  if (deployed.kind === 'failed')
    return { outcome: 'failure', detail: `${deployed.fault}: ${deployed.detail}`, ...lost }
  const end = await converge(engine, { stack: name, timeoutMs: timeoutMs(), say }, signal)
  if (end.kind === 'converged') return { outcome: 'success', detail: 'all of it runs', ...lost }
  if (end.kind === 'timed_out') return { outcome: 'timed_out', detail: end.detail, ...lost }
  if (!('lines' in end)) return { outcome: 'cancelled', detail: 'before it stood', ...lost }
  for (const line of end.lines) say(line)
  return { outcome: 'failure', detail: `${end.fault}: ${end.detail}`, ...lost }
}

/** The file that is deployed: resolved by the engine's client from copies, held against the policy, labelled. */
async function resolve(stage: StackStage, stack: StackRequest): Promise<Resolved | StackStageEnd> {
  const { request, run, name, cli, signal, say } = stage
  const sources = copySources(run.work, stack.files, join(run.folder, 'stack', name), stack.allow.keys)
  if ('refusals' in sources) return refused(sources.refusals, say)
  const call = {
    words: ['stack', 'config', ...sources.files.flatMap((file) => ['--compose-file', file])],
    timeoutMs: RESOLVE_MS,
  }
  const printed = await runCli({ ...cli, values: valuesFor(stage, stack) }, call, signal)
  if (printed.cause === 'stop')
    return { outcome: 'cancelled', detail: 'before it was deployed', ended: printed.ended, isLost: false }
  if (printed.exitCode !== 0)
    return {
      outcome: 'failure',
      detail: `the compose files cannot be resolved: ${printed.output.trim()}`,
      ended: printed.ended,
      isLost: false,
    }
  const deployable = deployableFile(printed.output, sources, {
    driver: 'swarm',
    stackName: stackName(request.domain),
    domain: request.domain,
    labels: {
      [BERTH_LABELS.run]: request.run,
      [BERTH_LABELS.domain]: request.domain,
      [BERTH_LABELS.recipe]: request.recipe,
      [BERTH_LABELS.instance]: request.instance,
    },
    allow: stack.allow,
    isFork: stack.isFork,
    made: [],
  })
  if ('refusals' in deployable) return refused(deployable.refusals, say)
  return { path: deployable.path, images: imagesOf(deployable.file) }
}

function imagesOf({ services }: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(isMap(services) ? services : {}).map(([name, service]) => {
    const image = isMap(service) ? service['image'] : undefined
    if (typeof image === 'string') return image
    throw new HarnessError('RESOLVED_FILE', `Service ${name} has no image`)
  })
}

/** What the compose files' variables come from: the recipe, and what every stack is told of itself. */
function valuesFor({ request }: StackStage, stack: StackRequest): Readonly<Record<string, string>> {
  return { ...stack.env, STACK_NAME: stackName(request.domain), DOMAIN: request.domain }
}

function refused(refusals: readonly PlacedRefusal[], say: (line: string) => void): StackStageEnd {
  const lines = refusals.map(
    ({ file, line, key, text, wayOut }) =>
      `${file}:${line}: ${key === '' ? '' : `${key}: `}${text}; ${wayOut}`,
  )
  for (const line of lines) say(line)
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more, in the log)` : ''
  return { outcome: 'failure', detail: `${lines[0] ?? 'refused'}${more}`, ended: [], isLost: false }
}
