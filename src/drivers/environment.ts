import type { RunRequest } from '../model/run.ts'
import type { RunSecrets } from '../secrets/runSecrets.ts'
import type { RunPaths } from '../store/runFolder.ts'
import { traceparentOf } from '../tracing/ids.ts'

export interface Surroundings {
  readonly request: RunRequest
  readonly run: RunPaths
  readonly secrets: Pick<RunSecrets, 'folder'>
}

/**
 * Constructed: nothing of the harness's own environment reaches a stage. The recipe's values come first and replace none of ours.
 * @param span key of the stage's part of the run
 */
export function environment(
  { request, run, secrets }: Surroundings,
  stage: string,
  span: string,
): NodeJS.ProcessEnv {
  const args = Object.entries(request.arguments).map(([key, value]) => [
    `BERTH_ARG_${key.toUpperCase().replaceAll('-', '_')}`,
    value,
  ])
  return {
    ...request.env,
    PATH: process.env['PATH'],
    HOME: run.home,
    LANG: request.env['LANG'] ?? 'C.UTF-8',
    BERTH_RUN_ID: request.run,
    BERTH_DOMAIN: request.domain,
    BERTH_RECIPE: request.recipe,
    BERTH_RECIPE_DIR: run.recipe,
    BERTH_WORKSPACE: run.work,
    BERTH_ARTIFACTS: run.artifacts,
    BERTH_REPOSITORY: request.repository,
    BERTH_PR: String(request.pr),
    BERTH_SHA: request.sha,
    BERTH_STAGE: stage,
    ...(request.traced === true ? { TRACEPARENT: traceparentOf(request.run, span) } : {}),
    ...(secrets.folder === null ? {} : { BERTH_SECRETS: secrets.folder }),
    ...Object.fromEntries(args),
  }
}
