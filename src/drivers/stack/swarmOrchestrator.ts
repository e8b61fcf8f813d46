import type Dockerode from 'dockerode'
import { stackName } from '../../model/names.ts'
import { OBJECT_KINDS } from '../../model/stackObjects.ts'
import { converge } from '../docker/converge.ts'
import { deployStack } from '../docker/deploy.ts'
import { type Engine, requireSwarm } from '../docker/engine.ts'
import { taskContainers } from './containers.ts'
import type { Orchestrator, Resolved, StackStage, StackStageEnd } from './stage.ts'
import { standEnd } from './standEnd.ts'

/** Services of a Docker swarm, asked for by `docker stack`. */
export const swarmOrchestrator: Orchestrator = {
  driver: 'swarm',
  kinds: OBJECT_KINDS,
  tellsAnswers: true,
  noise: null,
  requireEngine: requireSwarm,
  configCall: (_, files) =>
    Promise.resolve({ words: ['stack', 'config', ...files.flatMap((file) => ['--compose-file', file])] }),
  stand,
  containersOf: taskContainers,
  restart,
}

async function stand(
  { request, say, signal, timeoutMs, cli }: StackStage,
  engine: Engine,
  { path, images, timeoutMs: mostMs }: Resolved,
): Promise<StackStageEnd> {
  const stack = stackName(request.domain)
  const limits = { pullTimeoutMs: timeoutMs(), deployTimeoutMs: timeoutMs() }
  const deployed = await deployStack(engine, cli, { stack, file: path, images, say, ...limits }, signal)
  const lost = { ended: deployed.ended, isLost: deployed.client === 'lost' }
  if (deployed.kind === 'cancelled')
    return { outcome: 'cancelled', detail: 'before it was deployed', ...lost }
  if (deployed.kind === 'failed')
    return { outcome: 'failure', detail: `${deployed.fault}: ${deployed.detail}`, ...lost }
  const end = await converge(
    engine,
    { stack, timeoutMs: Math.min(timeoutMs(), mostMs ?? Infinity), say },
    signal,
  )
  return { ...standEnd(end, say), ...lost }
}

/** A new count in the spec is how the swarm knows that tasks are to be new ones; a deploy of the same file keeps it. */
async function restart(engine: Engine, stack: string, service: string): Promise<void> {
  await engine.call(`restart ${service}`, async (docker) => {
    const there = docker.getService(`${stack}_${service}`)
    const look: Dockerode.Service = await there.inspect()
    const template = look.Spec?.TaskTemplate
    const count = (template?.ForceUpdate ?? 0) + 1
    const spec = { ...look.Spec, TaskTemplate: { ...template, ForceUpdate: count } }
    await there.update({ version: look.Version?.Index, ...spec })
  })
}
