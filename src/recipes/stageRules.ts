import type { Finding } from '../config/document.ts'
import type { Salvaged } from '../config/salvage.ts'
import { formatDuration } from '../model/duration.ts'
import type { RecipeFile } from './schema.ts'
import { WORKS } from './stageSchema.ts'

type Parts = Salvaged<RecipeFile>
type StageParts = NonNullable<NonNullable<Parts['stages']>[number]>
type Work = (typeof WORKS)[number]

/** Each stage does one thing, what its driver can do, and when there is something to do it with. */
export function stageFindings(parts: Parts): readonly Finding[] {
  const { driver, stages = [] } = parts
  return [
    ...stages.flatMap((stage, index) =>
      stage === undefined ? [] : workFindings(stage, ['stages', index], driver),
    ),
    ...(driver === 'process' || driver === undefined
      ? []
      : [...orderFindings(stages), ...releaseFindings(stages), ...restoreFindings(stages)]),
    ...(driver === 'process' && !('teardown' in parts)
      ? [
          {
            path: ['teardown'],
            text: "is missing; it must be there: write { run: 'true' } where there is nothing to take down",
          },
        ]
      : []),
  ]
}

/** What a stage does, by its keys: one whose value cannot be read is meant all the same. */
function worksOf(stage: StageParts): readonly Work[] {
  return WORKS.filter((work) => work in stage)
}

function workFindings(
  stage: StageParts,
  path: readonly (string | number)[],
  driver: Parts['driver'],
): readonly Finding[] {
  const [only, second] = worksOf(stage)
  if (only === undefined)
    return [
      {
        path,
        text: 'does nothing; give it run, or with the drivers compose and swarm deploy, ready, exec, backup, restore or screenshot',
      },
    ]
  if (second !== undefined)
    return [{ path: [...path, second], text: `cannot be beside ${only}; each stage does one thing` }]
  if (only !== 'run' && driver === 'process')
    return [
      { path: [...path, only], text: 'is for the drivers compose and swarm, and the driver is process' },
    ]
  return [...deployFindings(stage, path), ...probeFindings(stage, path)]
}

function deployFindings({ deploy }: StageParts, path: readonly (string | number)[]): readonly Finding[] {
  if (deploy?.optional !== true || deploy.version !== 'pr') return []
  const text = "is for version: released; the pull request's own code is always there"
  return [{ path: [...path, 'deploy', 'optional'], text }]
}

function probeFindings(
  { ready, timeout }: StageParts,
  path: readonly (string | number)[],
): readonly Finding[] {
  if (ready === undefined) return []
  if ('http' in ready === 'tcp' in ready)
    return [{ path: [...path, 'ready'], text: 'needs one of http and tcp, such as http: http://app:8080/' }]
  if ('tcp' in ready && 'status' in ready)
    return [{ path: [...path, 'ready', 'status'], text: 'is for http: a TCP probe gets no status' }]
  const leastMs = ((ready.tries ?? 1) - 1) * (ready.every ?? 0)
  if (timeout === undefined || leastMs < timeout) return []
  const text = `is ${formatDuration(timeout)}, and ${String(ready.tries)} tries take ${formatDuration(leastMs)} at least: it can only time out`
  return [{ path: [...path, 'timeout'], text }]
}

/** A stack that nobody deploys is tested by nothing, and its run would be green. */
function orderFindings(stages: readonly (StageParts | undefined)[]): readonly Finding[] {
  const first = stages.findIndex((stage) => stage === undefined || 'deploy' in stage)
  if (stages.length > 0 && first < 0)
    return [
      { path: ['stages'], text: 'deploy nothing; begin with { name: deploy, deploy: {} }, as one of them' },
    ]
  return stages.flatMap((stage, index) =>
    index >= first || stage === undefined
      ? []
      : worksOf(stage)
          .filter((work) => work !== 'run')
          .map((work) => ({
            path: ['stages', index, work],
            text: 'comes before the first deploy, when there is no stack; move it behind it',
          })),
  )
}

/** A run that deploys the release alone would be green, and have tested nothing of the pull request. */
function releaseFindings(stages: readonly (StageParts | undefined)[]): readonly Finding[] {
  const versions = stages.map((stage) => (stage === undefined ? 'unread' : versionOf(stage)))
  const last = versions.lastIndexOf('released')
  if (last < 0 || versions.some((version) => version === 'pr' || version === 'unread')) return []
  const text =
    'is all that is deployed, and the pull request is not tested; add { name: upgrade, deploy: {} } behind it'
  return [{ path: ['stages', last, 'deploy', 'version'], text }]
}

/** Null = it deploys nothing. */
function versionOf(stage: StageParts): 'pr' | 'released' | 'unread' | null {
  return 'deploy' in stage ? (stage.deploy?.version ?? 'unread') : null
}

function restoreFindings(stages: readonly (StageParts | undefined)[]): readonly Finding[] {
  const first = stages.findIndex((stage) => stage === undefined || 'backup' in stage)
  const until = first < 0 ? stages.length : first
  return stages.slice(0, until).flatMap((stage, index) =>
    stage !== undefined && 'restore' in stage
      ? [
          {
            path: ['stages', index, 'restore'],
            text: 'has nothing to bring back: no backup comes before it; put { name: backup, backup: {} } there',
          },
        ]
      : [],
  )
}
