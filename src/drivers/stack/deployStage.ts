import { join } from 'node:path'
import { HarnessError } from '../../errors.ts'
import { isMap } from '../../model/enginePolicy/look.ts'
import { stackName } from '../../model/names.ts'
import type { StackRequest } from '../../model/stack.ts'
import { runCli } from '../docker/cli.ts'
import { converge } from '../docker/converge.ts'
import { deployStack } from '../docker/deploy.ts'
import type { Engine } from '../docker/engine.ts'
import { deployableFile } from '../docker/resolvedFile.ts'
import { copySources, type PlacedRefusal } from '../docker/sources.ts'
import { type DeployPlan, labelsOf, makeSecrets, planOf } from './plan.ts'
import type { StackStage, StackStageEnd } from './stage.ts'

const RESOLVE_MS = 60_000

interface Resolved {
  readonly path: string
  readonly images: readonly string[]
}

/** Deploys the checkout's stack, and waits until it stands; red with every reason that a person can do something about. */
export async function deploy(stage: StackStage, engine: Engine, stack: StackRequest): Promise<StackStageEnd> {
  const { request, say, signal, timeoutMs, cli } = stage
  const name = stackName(request.domain)
  const plan = planOf(stage, stack)
  if ('faults' in plan) return refused(plan.faults, say)
  const resolved = await resolve(stage, stack, plan)
  if ('outcome' in resolved) return resolved
  await makeSecrets(stage, engine, plan.secrets)
  const wish = { stack: name, file: resolved.path, images: resolved.images, say }
  const limits = { pullTimeoutMs: timeoutMs(), deployTimeoutMs: timeoutMs() }
  const deployed = await deployStack(engine, cli, { ...wish, ...limits }, signal)
  const lost = { ended: deployed.ended, isLost: deployed.client === 'lost' }
  if (deployed.kind === 'cancelled')
    return { outcome: 'cancelled', detail: 'before it was deployed', ...lost }
  if (deployed.kind === 'failed')
    return { outcome: 'failure', detail: `${deployed.fault}: ${deployed.detail}`, ...lost }
  const end = await converge(
    engine,
    { stack: name, timeoutMs: Math.min(timeoutMs(), plan.timeoutMs ?? Infinity), say },
    signal,
  )
  if (end.kind === 'converged') return { outcome: 'success', detail: 'all of it runs', ...lost }
  if (end.kind === 'timed_out') return { outcome: 'timed_out', detail: end.detail, ...lost }
  if (!('lines' in end)) return { outcome: 'cancelled', detail: 'before it stood', ...lost }
  for (const line of end.lines) say(line)
  return { outcome: 'failure', detail: `${end.fault}: ${end.detail}`, ...lost }
}

/** The file that is deployed: resolved by the engine's client from copies, held against the policy, labelled. */
async function resolve(
  stage: StackStage,
  stack: StackRequest,
  plan: DeployPlan,
): Promise<Resolved | StackStageEnd> {
  const { request, run, name, cli, signal, say } = stage
  const sources = copySources(run.work, plan.files, join(run.folder, 'stack', 'files', name), stack)
  if ('refusals' in sources) return refused(sources.refusals.map(refusalLine), say)
  const call = {
    words: ['stack', 'config', ...sources.files.flatMap((file) => ['--compose-file', file])],
    timeoutMs: RESOLVE_MS,
    folder: sources.folder,
  }
  const printed = await runCli({ ...cli, values: plan.values }, call, signal)
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
    labels: labelsOf(request),
    allow: stack.allow,
    isFork: stack.isFork,
    made: plan.secrets.map((secret) => `secret:${secret.name}`),
  })
  if ('refusals' in deployable) return refused(deployable.refusals.map(refusalLine), say)
  return { path: deployable.path, images: imagesOf(deployable.file) }
}

function imagesOf({ services }: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(isMap(services) ? services : {}).map(([name, service]) => {
    const image = isMap(service) ? service['image'] : undefined
    if (typeof image === 'string') return image
    throw new HarnessError('RESOLVED_FILE', `Service ${name} has no image`)
  })
}

function refusalLine({ file, line, key, text, wayOut }: PlacedRefusal): string {
  return `${file}:${line}: ${key === '' ? '' : `${key}: `}${text}; ${wayOut}`
}

function refused(lines: readonly string[], say: (line: string) => void): StackStageEnd {
  for (const line of lines) say(line)
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more, in the log)` : ''
  return { outcome: 'failure', detail: `${lines[0] ?? 'refused'}${more}`, ended: [], isLost: false }
}
