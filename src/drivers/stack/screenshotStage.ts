import { join } from 'node:path'
import { HarnessError, messageOf } from '../../errors.ts'
import { stackName } from '../../model/names.ts'
import type { Screenshot, Stage } from '../../model/recipe.ts'
import type { RunRequest } from '../../model/run.ts'
import type { StackRequest } from '../../model/stack.ts'
import type { StageEnd } from '../../run/ports.ts'
import { removeIfThere } from '../../store/durable.ts'
import { keepScreenshot } from '../../store/screenshots.ts'
import { openEngine } from '../docker/engine.ts'
import { findBrowser, NO_SANDBOX_EXIT, PICTURE, screenshotCommand } from './browser.ts'
import type { Orchestrator, StackParts } from './stage.ts'
import { targetOf } from './target.ts'

/** What a browser needs to start on a busy machine, and to load a page; a recipe may say less. */
const MOST_MS = 120_000

/** Runs a command line as a stage of the process driver's: as the stages' user, in their containment, within their limits and this time. */
export type RunCommand = (run: string, timeoutMs: number) => Promise<StageEnd>

type ScreenshotStage = Stage & { readonly screenshot: Screenshot }

/**
 * Takes a picture of a page of the stack. A machine that can take none is no fault of the pull request's: then the stage is skipped, unless the recipe
 * asks for it.
 */
export async function screenshot(
  parts: StackParts,
  orchestrator: Orchestrator,
  stack: StackRequest,
  stage: ScreenshotStage,
  runCommand: RunCommand,
): Promise<StageEnd> {
  const browser = findBrowser(process.env['PATH'] ?? '')
  if (browser === null) return untaken(stage, `there is no browser here: ${INSTALL}`)
  const reason = reasonAgainst(parts.request, stack)
  if (reason !== null) return untaken(stage, reason)
  const target = targetOf(stage.screenshot)
  const address = await addressOf(parts, orchestrator, stack, target.service)
  if ('end' in address) return address.end
  const timeoutMs = Math.min(stage.timeoutMs, MOST_MS)
  const end = await runCommand(screenshotCommand(browser, address.address, target, timeoutMs), timeoutMs)
  const picture = join(parts.run.home, PICTURE)
  if (end.exitCode === NO_SANDBOX_EXIT) return untaken(stage, NO_SANDBOX)
  if (end.outcome === 'cancelled' || end.outcome === 'fault') return end
  const kept = keepScreenshot(parts.run, stage.name, picture)
  removeIfThere(picture)
  if (typeof kept === 'string') return { ...end, ...red(end, kept) }
  const detail = `${kept.width} × ${kept.height}, ${Math.ceil(kept.bytes / 1024)} kB`
  return { ...end, outcome: 'success', detail, aim: 'screenshot' }
}

function red({ outcome, detail }: StageEnd, what: string): Pick<StageEnd, 'outcome' | 'detail'> {
  return { outcome: outcome === 'success' ? 'failure' : outcome, detail: `${what}; ${detail}` }
}

const INSTALL = 'install chromium, or google-chrome'
const NO_SANDBOX =
  'the browser has no sandbox here, and shows no page without one: let users make namespaces (user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)'

/** As whom a browser would run: its sandbox is a wall, and there has to be another one behind it. */
function reasonAgainst({ runAs }: Pick<RunRequest, 'runAs'>, { isFork }: StackRequest): string | null {
  if (runAs !== null) return null
  if (isFork) return "a fork's page is only shown by a user of its own: set runAs in berth.yml"
  return process.geteuid?.() === 0 ? 'no page is shown by root: set runAs in berth.yml' : null
}

function untaken({ screenshot: { required } }: ScreenshotStage, reason: string): StageEnd {
  const outcome = required ? 'failure' : 'success'
  return { ...NO_COMMAND, outcome, detail: required ? `no screenshot: ${reason}` : `skipped: ${reason}` }
}

const NO_COMMAND = { exitCode: null, ending: null } as const

async function addressOf(
  { request }: StackParts,
  orchestrator: Orchestrator,
  stack: StackRequest,
  service: string,
): Promise<{ readonly address: string } | { readonly end: StageEnd }> {
  const failed = (detail: string) => ({ end: { ...NO_COMMAND, outcome: 'failure', detail } }) as const
  try {
    const engine = await openEngine(stack.engine)
    const [first] = await orchestrator.containersOf(engine, stackName(request.domain), service)
    if (first === undefined) return failed(`no task of ${service} runs here`)
    if (first.address === null)
      return failed(`${service} is on internal networks only, where no browser of this machine reaches it`)
    return { address: first.address }
  } catch (error) {
    if (error instanceof HarnessError && error.code === 'NO_SERVICE') return failed(error.message)
    return { end: { ...NO_COMMAND, outcome: 'fault', detail: messageOf(error) } }
  }
}
