import { createHash } from 'node:crypto'
import { EXIT, InputError } from '../errors.ts'
import type { Claim } from '../lock/claim.ts'
import { type Held, letGo } from '../lock/nameLocks.ts'
import { type StartedRun, startRun } from '../lock/startRun.ts'
import { claimInTurn } from '../lock/waiting.ts'
import { annotationLines } from '../model/annotations.ts'
import { checkArguments } from '../model/arguments.ts'
import { domainFor, namesOf, runDomainFault } from '../model/domain.ts'
import { sortedNames } from '../model/names.ts'
import type { Recipe } from '../model/recipe.ts'
import { makeRequest, userName, type Wish } from '../model/request.ts'
import type { RunAs, Verdict } from '../model/run.ts'
import { grantOf, withheldText } from '../model/secrets.ts'
import { concludedUnstarted } from '../model/verdict.ts'
import type { WarmWrapper } from '../process/launch.ts'
import { recoverer } from '../process/recovery.ts'
import { createWarmRuns } from '../process/warmRuns.ts'
import { readSecrets } from '../secrets/operatorFolder.ts'
import { annotationsOf } from '../store/annotations/file.ts'
import { runPaths } from '../store/runFolder.ts'
import { newRunId } from '../store/runId.ts'
import type { Context } from './context.ts'
import { followRun } from './followRun.ts'
import { catchSignals, type Interrupts } from './interrupts.ts'
import { personName } from './person.ts'
import { Progress } from './progress.ts'
import { findSource } from './source.ts'

export interface RunOptions {
  readonly recipe: string
  readonly arguments: Readonly<Record<string, string>>
  readonly repo: string
  readonly ref: string | null
  readonly pr: number
  readonly domain: string | null
  readonly waitMs: number
  readonly keepMs: number
}

/** `berth run`: one run in the foreground, without service and database. Returns the exit code of design section 6. */
export async function run(context: Context, options: RunOptions): Promise<number> {
  const recipe = context.recipe(options.recipe)
  const { wish, remarks } = await wishOf(context, recipe, options)
  const progress = new Progress(context.stdout, runPaths(context.state, wish.run))
  progress.line(
    `run ${wish.run}: ${recipe.name} at ${wish.domain}, ${wish.repository} ${wish.sha.slice(0, 12)}`,
  )
  for (const remark of remarks) progress.line(`  note: ${remark}`)
  using interrupts = catchSignals()
  const taken = await take(context, wish, options, progress, interrupts)
  if (taken.kind !== 'held') return ended(progress, refusal(taken, interrupts))
  const { held, runAs, warm } = taken
  const request = makeRequest(wish, recipe, context.config, runAs)
  const started = await startRun({
    state: context.state,
    request,
    recipeFolder: recipe.folder,
    held,
    cloneToken: null,
    warm,
  })
  return ended(progress, await toItsEnd(context, started, request.names, progress, interrupts))
}

async function wishOf(
  context: Context,
  recipe: Recipe,
  options: RunOptions,
): Promise<{ wish: Wish; remarks: readonly string[] }> {
  const checked = checkArguments(recipe.arguments, options.arguments)
  if ('fault' in checked) throw new InputError(`berth run ${recipe.name}`, [checked.fault])
  const { owner, repo, remark, ...source } = await findSource(options.repo, options.ref)
  const id = newRunId()
  const domain = domainOf(context, recipe, options, { owner, repo, pr: options.pr, run: id })
  const wish = {
    run: id,
    domain,
    names: namesOf(recipe, domain),
    ...source,
    pr: options.pr,
    actor: personName(),
    arguments: checked.values,
    foreground: true,
    keepMs: options.keepMs,
    requestedAtMs: Date.now(),
    fork: mayBeFork(source.ref, options.ref),
  }
  return {
    wish,
    remarks: [...(remark === null ? [] : [remark]), ...secretRemarks(context, recipe, wish.fork)],
  }
}

/** GitHub keeps a pull request's commits there, whoever wrote them; any other ref is one that the caller names, and answers for. */
const PULL_REF = /(?:^|\/)pull\/\d+\/(?:head|merge)$/

function mayBeFork(...refs: readonly (string | null)[]): boolean {
  return refs.some((ref) => ref !== null && PULL_REF.test(ref))
}

/** @throws InputError with what is wrong with the secrets that the run would get */
function secretRemarks({ config }: Context, recipe: Recipe, fork: boolean): readonly string[] {
  const grant = grantOf(recipe, config.secretsDir, fork)
  const { faults } = readSecrets(recipe.name, grant)
  if (faults.length > 0) throw new InputError(`berth run ${recipe.name}`, faults)
  return grant.withheld.length === 0 ? [] : [withheldText(grant.withheld)]
}

function domainOf(
  context: Context,
  recipe: Recipe,
  options: RunOptions,
  facts: Parameters<typeof domainFor>[1],
): string {
  if (options.domain !== null) {
    const fault = runDomainFault(options.domain, context.config)
    if (fault !== null) throw new InputError('berth run --domain', [fault])
    return options.domain
  }
  const made = domainFor(recipe, facts, context.config, (text) =>
    createHash('sha256').update(text).digest('hex'),
  )
  if ('fault' in made) throw new InputError(`berth run ${recipe.name}`, [made.fault])
  return made.domain
}

type Taken =
  | {
      readonly kind: 'held'
      readonly held: Held
      readonly runAs: RunAs | null
      readonly warm: WarmWrapper | null
    }
  | Exclude<Claim, Held>

/** Waits in turn for the names and, where stages have users of their own, for one of those. */
async function take(
  { state, config }: Context,
  wish: Wish,
  options: RunOptions,
  progress: Progress,
  interrupts: Interrupts,
): Promise<Taken> {
  const users = config.runAs.length === 0 ? [null] : config.runAs
  const variants = users.map((user) =>
    user === null ? wish.names : sortedNames([...wish.names, userName(user)]),
  )
  const warms = createWarmRuns(state, () => 1)
  const waiting = { id: wish.run, names: wish.names, variants, foreground: true }
  let said = ''
  const claimed = await claimInTurn(state, wish.names, variants, recoverer(state, `run ${wish.run}`, false), {
    what: `run ${wish.run}`,
    forMs: options.waitMs,
    signal: interrupts.signal,
    warm: () => warms.of(wish.run, variants),
    waiting(inTheWay, isNext) {
      if (isNext && inTheWay.kind === 'busy') void warms.prepare(waiting, inTheWay.run)
      const words = `  waits for ${waitingFor(inTheWay)}`
      if (words !== said) progress.line(words)
      said = words
    },
  })
  if (claimed.kind !== 'held') {
    warms.leave(wish.run)
    return claimed
  }
  for (const id of claimed.recovered) progress.line(`  recovered run ${id} first: it had not been cleaned`)
  const runAs = users.find((user) => user !== null && claimed.names.includes(userName(user))) ?? null
  const warm = warms.take(wish.run, claimed)
  warm?.child.ref()
  return { kind: 'held', held: claimed, runAs, warm }
}

function waitingFor(claimed: Exclude<Claim, Held>): string {
  if (claimed.kind === 'dirty') return `run ${claimed.run} to be cleaned (${claimed.why})`
  return claimed.run === null ? claimed.name : `${claimed.name}, which run ${claimed.run} has`
}

function refusal(claimed: Exclude<Claim, Held>, interrupts: Interrupts): Verdict {
  if (interrupts.reason === 'interrupted')
    return concludedUnstarted('interrupted', 'Interrupted while it waited')
  if (interrupts.reason !== null) return concludedUnstarted('cancelled', 'Cancelled while it waited')
  if (claimed.kind === 'busy')
    return concludedUnstarted(
      'lock_timeout',
      `lock_timeout: ${waitingFor(claimed)} was not free in time; wait longer with --wait`,
    )
  return concludedUnstarted(
    'domain_dirty',
    `domain_dirty: run ${claimed.run} cannot be cleaned (${claimed.why}); see \`berth show ${claimed.run}\`, then \`berth locks release\``,
  )
}

/** Follows the run; if all its processes are killed it is recovered here, as the next holder would do. */
async function toItsEnd(
  { state }: Context,
  { run, wrapper }: StartedRun,
  names: readonly string[],
  progress: Progress,
  interrupts: Interrupts,
): Promise<Verdict> {
  interrupts.passTo(run, wrapper.child)
  const result = await followRun(
    run,
    wrapper.ended,
    (journal) => progress.update(journal),
    async () => {
      progress.line('  the run lost its processes; recovering it')
      const wait = {
        what: `recovery of ${run.id}`,
        forMs: 0,
        signal: new AbortController().signal,
        waiting: () => undefined,
      }
      const claimed = await claimInTurn(state, names, [names], recoverer(state, 'berth run', true), wait)
      if (claimed.kind === 'held') letGo(claimed)
      return claimed
    },
  )
  for (const line of annotationLines(annotationsOf(run))) progress.line(`  ${line}`)
  return (
    result ??
    concludedUnstarted('not_cleaned', `harness: the run left no result; see \`berth show ${run.id}\``)
  )
}

function ended(progress: Progress, verdict: Verdict): number {
  progress.verdict(verdict)
  return verdict.exitCode ?? EXIT.harness
}
