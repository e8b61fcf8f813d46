import { type DeployRule, deploysRelease } from '../../model/recipe.ts'
import type { StackRequest } from '../../model/stack.ts'
import { unbumpedFaults } from '../coopCloud/configContents.ts'
import { faultLine } from '../coopCloud/fault.ts'
import type { Tag } from '../coopCloud/releases.ts'
import { type DeployPlan, planOf } from './plan.ts'
import { releaseOf } from './releasedCheckout.ts'
import type { StackStage } from './stage.ts'

/** What a deploy takes its files from. */
export interface Version {
  readonly folder: string
  /** `release 1.2.0+2.14.1: ` before what is said of a release; of the pull request's own files nothing. */
  readonly prefix: string
  /** The release that stands before this is deployed; null = none. */
  readonly from: Tag | null
}

/** Null = there is no release yet. */
export function versionOf({ request, run, name }: StackStage, { version }: DeployRule): Version | null {
  if (version === 'released') {
    const release = releaseOf(run)
    if (release === null) return null
    return { folder: run.released, prefix: `release ${release.name}: `, from: null }
  }
  // All of them were green, or this stage would not have begun.
  const earlier = request.stages.slice(
    0,
    request.stages.findIndex((stage) => stage.name === name),
  )
  return { folder: run.work, prefix: '', from: deploysRelease(earlier) ? releaseOf(run) : null }
}

/** What of an upgrade the engine would refuse, with the place that a person has to change; of a first deploy nothing. */
export function upgradeFaults(
  { request, run }: StackStage,
  stack: StackRequest,
  { from }: Version,
  { configs }: DeployPlan,
): readonly string[] {
  if (from === null) return []
  const before = planOf({ request, say: () => undefined }, stack, run.released)
  return 'faults' in before ? [] : unbumpedFaults(before.configs, configs).map(faultLine)
}
