import { HarnessError } from '../../errors.ts'
import { isMap } from '../../model/enginePolicy/look.ts'
import { stackName } from '../../model/names.ts'
import type { DeployRule } from '../../model/recipe.ts'
import type { RunRequest } from '../../model/run.ts'
import type { StackRequest } from '../../model/stack.ts'
import { type CliEnd, runCli } from '../docker/cli.ts'
import { requireStackConfig } from '../docker/cliVersion.ts'
import { filesFolder } from '../docker/copies.ts'
import type { Engine } from '../docker/engine.ts'
import { deployableFile } from '../docker/resolvedFile.ts'
import { copySources, type PlacedRefusal } from '../docker/sources.ts'
import { type DeployPlan, labelsOf, makeSecrets, planOf } from './plan.ts'
import type { Orchestrator, Resolved, StackStage, StackStageEnd } from './stage.ts'
import { noteDeployed } from './standing.ts'
import { upgradeFaults, type Version, versionOf } from './version.ts'

const RESOLVE_MS = 60_000

/**
 * Deploys the stack of the pull request's checkout or of the last release, and waits until it stands; red with every reason that a person can do
 * something about.
 */
export async function deploy(
  stage: StackStage,
  engine: Engine,
  stack: StackRequest,
  rule: DeployRule,
): Promise<StackStageEnd> {
  const version = versionOf(stage, rule)
  if (version === null) return unreleased(stage.request, rule)
  const aim = version.from === null ? 'deploy' : 'upgrade'
  const end = await deployVersion(stage, engine, stack, version)
  return rule.version === 'released' ? end : { ...end, aim }
}

async function deployVersion(
  stage: StackStage,
  engine: Engine,
  stack: StackRequest,
  version: Version,
): Promise<StackStageEnd> {
  const plan = planOf(stage, stack, version.folder)
  const faults = 'faults' in plan ? plan.faults : upgradeFaults(stage, stack, version, plan)
  if ('faults' in plan || faults.length > 0) return refused(faults, version, stage.say)
  const resolved = await resolve(stage, stack, plan, version)
  if ('outcome' in resolved) return resolved
  await makeSecrets(stage, engine, plan.secrets)
  const { path, images, timeoutMs } = resolved
  noteDeployed(stage.run, { path, images, timeoutMs })
  const end = await stage.orchestrator.stand(stage, engine, resolved)
  const head = version.from === null ? version.prefix : `upgrade from ${version.from.name}: `
  return { ...end, detail: `${head}${end.detail}` }
}

/** Nothing is wrong with the pull request: whether that may be is the recipe's to say. */
function unreleased({ sha }: RunRequest, { optional }: DeployRule): StackStageEnd {
  const none = `no release yet: no tag such as 1.0.0+2.14.1 stands before commit ${sha.slice(0, 10)}`
  if (optional) return { ...BY_ITSELF, outcome: 'success', detail: `${none}; nothing was deployed` }
  const detail = `${none}; with optional: true the stage is green until there is one`
  return { ...BY_ITSELF, outcome: 'failure', detail }
}

const BY_ITSELF = { ended: [], isLost: false } as const

/** The file that is deployed: resolved by the engine's client from copies, held against the policy, labelled. */
async function resolve(
  stage: StackStage,
  stack: StackRequest,
  plan: DeployPlan,
  version: Version,
): Promise<Resolved | StackStageEnd> {
  const { request, run, name, cli, signal, say, orchestrator } = stage
  const sources = copySources(version.folder, plan.files, filesFolder(run.folder, name), stack)
  if ('refusals' in sources) return refused(sources.refusals.map(refusalLine), version, say)
  const asked = await orchestrator.configCall(stage, sources.files)
  const call = { ...asked, timeoutMs: RESOLVE_MS, folder: sources.folder }
  const printed = await runCli({ ...cli, values: plan.values }, call, signal)
  if (printed.cause === 'stop')
    return { outcome: 'cancelled', detail: 'before it was deployed', ended: printed.ended, isLost: false }
  if (printed.exitCode !== 0) {
    if (orchestrator.driver === 'swarm') await requireStackConfig(cli, signal)
    return {
      outcome: 'failure',
      detail: `${version.prefix}the compose files cannot be resolved: ${printed.output.trim()}`,
      ended: printed.ended,
      isLost: false,
    }
  }
  for (const line of warningsOf(printed, orchestrator)) say(line)
  const deployable = deployableFile(printed.printed, sources, {
    driver: orchestrator.driver,
    stackName: stackName(request.domain),
    domain: request.domain,
    labels: labelsOf(request),
    allow: stack.allow,
    isFork: stack.isFork,
    made: plan.secrets.map((secret) => `secret:${secret.name}`),
    limits: request.limits,
  })
  if ('refusals' in deployable) return refused(deployable.refusals.map(refusalLine), version, say)
  const { path, file } = deployable
  return { path, file, images: imagesOf(file), timeoutMs: plan.timeoutMs }
}

function warningsOf({ warned }: CliEnd, { noise }: Orchestrator): readonly string[] {
  return warned.split('\n').filter((line) => line.trim() !== '' && noise?.test(line) !== true)
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

/** A release has its own files: a line that names only the file would be looked for in the pull request. */
function refused(lines: readonly string[], { prefix }: Version, say: (line: string) => void): StackStageEnd {
  for (const line of lines) say(`${prefix}${line}`)
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more, in the log)` : ''
  return { ...BY_ITSELF, outcome: 'failure', detail: `${prefix}${lines[0] ?? 'refused'}${more}` }
}
