import { type Fields, fieldsOf, flagOf, numberOf, oneOf, optional, textOf } from './read.ts'
import {
  type DeployRule,
  type Readiness,
  type Screenshot,
  type Stage,
  type StageWork,
  VERSIONS,
} from './recipe.ts'

/** A stage as `request.json` keeps it. */
export function readStage(value: unknown): Stage {
  const fields = fieldsOf(value, 'stage')
  return {
    name: textOf(fields, 'name'),
    timeoutMs: numberOf(fields, 'timeoutMs'),
    uninterruptible: flagOf(fields, 'uninterruptible'),
    ...readWork(fields),
  }
}

function readWork(fields: Fields): StageWork {
  const { deploy, ready, exec, backup, restore, screenshot } = fields
  if (deploy !== undefined) return { deploy: readDeploy(fieldsOf(deploy, 'deploy')) }
  if (ready !== undefined) return { ready: readReadiness(fieldsOf(ready, 'ready')) }
  if (backup !== undefined) return { backup: {} }
  if (restore !== undefined) return { restore: {} }
  if (screenshot !== undefined) return { screenshot: readScreenshot(fieldsOf(screenshot, 'screenshot')) }
  if (exec === undefined) return { run: textOf(fields, 'run') }
  const inside = fieldsOf(exec, 'exec')
  return { exec: { service: textOf(inside, 'service'), run: textOf(inside, 'run') } }
}

function readReadiness(fields: Fields): Readiness {
  const often = { tries: numberOf(fields, 'tries'), everyMs: numberOf(fields, 'everyMs') }
  if (fields['tcp'] !== undefined) return { tcp: textOf(fields, 'tcp'), ...often }
  return { http: textOf(fields, 'http'), status: numberOf(fields, 'status'), ...often }
}

/** Requests of older berths do not say `optional`. */
function readDeploy(fields: Fields): DeployRule {
  return {
    version: oneOf(fields, 'version', VERSIONS),
    optional: optional(fields, 'optional', flagOf) ?? false,
  }
}

function readScreenshot(fields: Fields): Screenshot {
  return { http: textOf(fields, 'http'), required: flagOf(fields, 'required') }
}
