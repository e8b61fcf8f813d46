import type { Finding } from '../config/document.ts'
import type { Salvaged } from '../config/salvage.ts'
import type { RecipeFile } from './schema.ts'
import { WORKS } from './stageSchema.ts'

type Parts = Salvaged<RecipeFile>
type StageParts = NonNullable<NonNullable<Parts['stages']>[number]>

/** Each stage does one thing, and what its driver can do. */
export function stageFindings({ driver, stages, stack, teardown }: Parts): readonly Finding[] {
  const isStack = driver === 'compose' || driver === 'swarm'
  return [
    ...(stages ?? []).flatMap((stage, index) =>
      stage === undefined ? [] : workFindings(stage, ['stages', index], driver),
    ),
    ...(driver === undefined || isStack || stack === undefined
      ? []
      : [{ path: ['stack'], text: `is for the drivers compose and swarm, and the driver is ${driver}` }]),
    ...(isStack && stack === undefined
      ? [{ path: ['driver'], text: `${driver} needs stack: { files: [compose.yml] }, or coop-cloud: true` }]
      : []),
    ...(driver === 'process' && teardown === undefined
      ? [
          {
            path: ['teardown'],
            text: 'is missing; write teardown: { run: \'true\' } for "nothing to take down"',
          },
        ]
      : []),
  ]
}

function workFindings(stage: StageParts, path: readonly (string | number)[], driver: Parts['driver']) {
  const works = WORKS.filter((work) => stage[work] !== undefined)
  const [only, second] = works
  if (only === undefined)
    return [
      {
        path,
        text: 'does nothing; give it run, or with the drivers compose and swarm deploy, ready or exec',
      },
    ]
  if (second !== undefined)
    return [{ path: [...path, second], text: `cannot be beside ${only}; each stage does one thing` }]
  if (only !== 'run' && driver === 'process')
    return [
      { path: [...path, only], text: 'is for the drivers compose and swarm, and the driver is process' },
    ]
  return probeFindings(stage, path)
}

function probeFindings({ ready }: StageParts, path: readonly (string | number)[]): readonly Finding[] {
  if (ready === undefined || (ready.http === undefined) !== (ready.tcp === undefined)) return []
  return [{ path: [...path, 'ready'], text: 'needs one of http and tcp' }]
}
