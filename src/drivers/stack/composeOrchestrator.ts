import { setTimeout as pause } from 'node:timers/promises'
import { composeServices } from '../../model/composeServices.ts'
import { stackName } from '../../model/names.ts'
import type { RunRequest } from '../../model/run.ts'
import { COMPOSE_KINDS } from '../../model/stackObjects.ts'
import { type ComposeClient, composeCall, findComposeClient } from '../docker/composeClient.ts'
import { type Converged, converge, type StackWatch } from '../docker/converge.ts'
import { type Deployed, deployStack } from '../docker/deploy.ts'
import type { Engine } from '../docker/engine.ts'
import { lookAtContainers, watchProject } from '../docker/project.ts'
import { projectContainers } from './composeContainers.ts'
import type { Orchestrator, Resolved, StackStage, StackStageEnd } from './stage.ts'
import { standEnd } from './standEnd.ts'
import { noteUnnamedVolumes } from './unnamedVolumes.ts'

/** Containers of one engine, which need be in no swarm, asked for by compose. */
export const composeOrchestrator: Orchestrator = {
  driver: 'compose',
  kinds: COMPOSE_KINDS,
  tellsAnswers: false,
  noise: /use the 'configs' key, which will be ignored/,
  requireEngine: (engine) => engine.call('answer', (docker) => docker.ping()),
  async configCall({ cli, request, signal }, files) {
    const client = await findComposeClient(cli, signal)
    const profiles = profilesOf(request)
    return composeCall(client, cli, { stack: stackName(request.domain), files, profiles }, ['config'])
  },
  stand,
  containersOf: projectContainers,
  restart,
}

/** As compose itself reads them; only the recipe can ask for some. */
function profilesOf({ stack }: RunRequest): readonly string[] {
  return (stack?.env['COMPOSE_PROFILES'] ?? '').split(',').filter((profile) => profile !== '')
}

/** What the standalone client waits for an answer of the engine: it would give up after a minute, and nobody would hear how that ended. */
const PATIENCE = { COMPOSE_HTTP_TIMEOUT: '86400' }

/** A client that has given up says `Container "921700c2a8fd" is unhealthy`; what is wrong shows in a moment, with the service's name and its last lines. */
const SETTLE_MS = 3000

async function stand(stage: StackStage, engine: Engine, resolved: Resolved): Promise<StackStageEnd> {
  const { request, say, signal, timeoutMs } = stage
  const [stack, profiles] = [stackName(request.domain), profilesOf(request)]
  const wanted = composeServices(resolved.file, profiles)
  const { deployed, early } = await deployWatched(stage, engine, resolved, wanted)
  // A client that was lost is no fault here: docker-compose does not tell an engine's answer from a connection that broke (`tellsAnswers`), and teardown
  // takes every deploy that was not green for one that has lost its client.
  const rest = { ended: deployed.ended, isLost: false }
  if (early.kind === 'failed') return { ...standEnd(early, say), ...rest }
  if (deployed.kind === 'cancelled')
    return { outcome: 'cancelled', detail: 'before it was deployed', ...rest }
  if (deployed.kind === 'failed') {
    const outcome = deployed.fault === 'deploy_timed_out' ? 'timed_out' : 'failure'
    return { outcome, detail: `${deployed.fault}: ${deployed.detail}`, ...rest }
  }
  const wish = { stack, timeoutMs: timeoutMs(), say, watch: watchProject(engine, stack, wanted) }
  return { ...standEnd(await converge(engine, wish, signal), say), ...rest }
}

/**
 * Compose waits for what a service depends on without an end of its own (one that crashes and comes back never ends well): what settles red while the
 * client is at work ends it. What was there before is of no concern: the client may be about to replace it.
 */
async function deployWatched(
  stage: StackStage,
  engine: Engine,
  { path, images }: Resolved,
  wanted: ReadonlyMap<string, number>,
): Promise<{ readonly deployed: Deployed; readonly early: Converged }> {
  const { request, run, say, signal, timeoutMs, cli } = stage
  const [stack, profiles] = [stackName(request.domain), profilesOf(request)]
  await noteUnnamedVolumes(run, engine, stack)
  const before = new Set((await lookAtContainers(engine, stack, signal)).map(({ id }) => id))
  const client = await findComposeClient(cli, signal)
  const call = composeCall(client, cli, { stack, files: [path], profiles }, upWords(client))
  const [isRed, isOver] = [new AbortController(), new AbortController()]
  const watch = watchProject(engine, stack, wanted, before)
  const watching = converge(engine, { stack, timeoutMs: timeoutMs(), watch }, isOver.signal).then((end) => {
    if (end.kind === 'failed') isRed.abort()
    return end
  })
  // It is asked for its end when the client has ended.
  watching.catch(() => undefined)
  try {
    const limits = { pullTimeoutMs: timeoutMs(), deployTimeoutMs: timeoutMs() }
    const wish = { stack, file: path, images, say, call, ...limits }
    const either = AbortSignal.any([signal, isRed.signal])
    const deployed = await deployStack(engine, { ...cli, values: PATIENCE }, wish, either)
    if (deployed.kind === 'failed')
      await Promise.race([watching, pause(SETTLE_MS, undefined, { signal }).catch(() => undefined)])
    isOver.abort()
    const early = await watching
    if (deployed.kind === 'failed' && early.kind !== 'failed') await sayLastLines(watch, say, signal)
    return { deployed, early }
  } finally {
    isOver.abort()
    await watching.catch(() => undefined)
  }
}

const MOST_LINES = 20

/** Of what does not run as it should, as far as the engine tells. */
async function sayLastLines(
  watch: StackWatch,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const look = await watch.look(signal).catch(() => null)
  const unwell = (look?.tasks ?? []).filter(({ state }) => state !== 'running' && state !== 'complete')
  for (const service of new Set(unwell.map((task) => task.service)))
    for (const line of await watch.lastLines(service, MOST_LINES).catch(() => [])) say(line)
}

function upWords({ upWords }: ComposeClient): readonly string[] {
  return ['up', '--detach', '--no-build', '--remove-orphans', ...upWords]
}

async function restart(engine: Engine, stack: string, service: string): Promise<void> {
  for (const { id } of await projectContainers(engine, stack, service))
    await engine.call(`restart ${service}`, (docker) => docker.getContainer(id).restart(), {
      mostMs: MOST_RESTART_MS,
    })
}

/** With the grace that a container has. */
const MOST_RESTART_MS = 120_000
