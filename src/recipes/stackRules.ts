import type { Finding } from '../config/document.ts'
import type { Salvaged } from '../config/salvage.ts'
import type { RecipeFile } from './schema.ts'

type Parts = Salvaged<RecipeFile>

/** What a run says of its stack itself. */
const OWN_VALUES = ['STACK_NAME', 'DOMAIN']

/** What a driver of stacks has to know, and what is for no other driver. */
export function stackFindings(parts: Parts): readonly Finding[] {
  const { driver } = parts
  if (driver === undefined) return []
  if (driver === 'process')
    return (['stack', 'allow'] as const)
      .filter((key) => key in parts)
      .map((key) => ({
        path: [key],
        text: `is for the drivers compose and swarm, and the driver is ${driver}`,
      }))
  if ('stack' in parts) return parts.stack === undefined ? [] : whatToDeploy(parts.stack, driver)
  const orCoopCloud = driver === 'swarm' ? ', or coop-cloud: true' : ''
  return [{ path: ['driver'], text: `${driver} needs stack: { files: [compose.yml] }${orCoopCloud}` }]
}

/** Why the driver `compose` cannot deploy a recipe repository. */
const NEEDS_SWARM =
  'is for the driver swarm: recipes of Co-op Cloud have secrets and configs that only a swarm keeps'

function whatToDeploy(stack: NonNullable<Parts['stack']>, driver: Parts['driver']): readonly Finding[] {
  const { files, env } = stack
  const isCoopCloud = stack['coop-cloud']
  const says = (files ?? []).length > 0 || isCoopCloud !== false || ('files' in stack && files === undefined)
  return [
    ...(says
      ? []
      : [
          {
            path: ['stack'],
            text: 'says of nothing that it is deployed; write files: [compose.yml], or coop-cloud: true',
          },
        ]),
    ...(isCoopCloud === true && driver === 'compose'
      ? [{ path: ['stack', 'coop-cloud'], text: NEEDS_SWARM }]
      : []),
    ...(isCoopCloud === true && (files ?? []).length > 0
      ? [
          {
            path: ['stack', 'files'],
            text: 'cannot be beside coop-cloud: true, where .env.sample selects the files; set COMPOSE_FILE below stack.env',
          },
        ]
      : []),
    ...(files ?? []).flatMap((file, index, all) =>
      file !== undefined && all.indexOf(file) < index
        ? [{ path: ['stack', 'files', index], text: `${file} is there already` }]
        : [],
    ),
    ...OWN_VALUES.filter((name) => Object.hasOwn(env ?? {}, name)).map((name) => ({
      path: ['stack', 'env', name],
      text: 'is set by berth itself: each run has its own; leave it out',
    })),
  ]
}
