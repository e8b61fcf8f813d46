import { REFUSALS, type RefusalReason } from './refusal.ts'
import { END_REASONS, type EndReason } from './run.ts'

/** A stable code with what it means and what to do about it; both are plain text. */
export interface Reason {
  readonly code: string
  readonly means: string
  readonly wayOut: string
}

/** Why a command was not carried out, each with the way out. */
export function refusalReasons(): readonly Reason[] {
  return Object.entries(WAYS_OUT).map(([code, wayOut]) => {
    const reason = codeOf(code)
    return { code: reason, means: REFUSALS[reason], wayOut }
  })
}

/** Why a run ended as it did. */
export function endReasons(): readonly Reason[] {
  return END_REASONS.map((code) => {
    const [means, wayOut] = ENDS[code]
    return { code, means, wayOut }
  })
}

function codeOf(code: string): RefusalReason {
  const known = Object.keys(REFUSALS).find((reason): reason is RefusalReason => reason === code)
  if (known === undefined) throw new TypeError(`${code} is no reason of a refusal`)
  return known
}

const WAYS_OUT: Readonly<Record<RefusalReason, string>> = {
  bad_command:
    'The reply says what is wrong with the line. Commands are plain text on a line of their own; "!testme help" lists them.',
  bad_argument:
    'The reply names the argument and the values that it takes. "!testme help" lists those of each recipe.',
  not_enrolled:
    'Whoever operates berth names the repository under "repositories" in berth.yml and has the service read it (SIGHUP).',
  not_permitted:
    'Somebody with that permission on the repository comments instead, or the operator changes "trust" in berth.yml. Permission is asked of GitHub when the command is decided.',
  rate_limited:
    'Wait for the time that the reply names. The operator sets "limits" in berth.yml. Cancelling and revoking always work.',
  command_loop:
    'Wait until the time that the reply names, or push what is to be tested. The operator sets "limits.repeatsPerTenMinutes".',
  crash_loop:
    'The operator finds the cause with "berth doctor" and in the logs of the runs. Another commit, or another recipe, can be tested at once.',
  too_late: 'The comment was found long after it was written. If it is still meant, comment again.',
  pr_closed: 'Reopen the pull request and comment again. Closing one stops its runs.',
  unknown_recipe: 'The reply names the recipes of this repository. The operator enrols others in berth.yml.',
  ambiguous_recipe: 'Name the recipe in the command, or the operator sets a default for the repository.',
  recipe_unavailable:
    'The operator runs "berth recipes check": it names each fault with file and line. Nothing was started.',
  fork_refused:
    'The operator has decided so ("trust.forks: never"). Push the branch to the repository itself.',
  fork_needs_isolation:
    'Code of forks runs only as users of its own, or in containers: the operator sets "runAs" in berth.yml, or writes a recipe of a stack without a run on the host. "berth doctor" says what a stage could read without.',
  fork_needs_approval:
    'Somebody who may write reads the commit and comments the line that the reply offers. The approval holds for that commit and dies with the next push.',
  head_moved:
    'Something was pushed since, or may have been. Look at what is there now, and comment again; the reply has the line to copy.',
  unknown_domain:
    'A conversation holds and releases only the domains of its own pull request; the reply names them. The operator has "berth locks hold" and "berth locks release" for all names.',
  ambiguous_domain: 'Name the domain in the command; the reply has a line for each.',
  no_such_run: 'The ids of this pull request’s runs are in "!testme status".',
  ambiguous_run: 'Name the run, or write "all"; the reply has a line for each.',
  github_refused:
    'GitHub refuses to tell the facts, mostly since the App lost a permission or was taken off the repository. The operator checks the installation; then comment again.',
  undecidable:
    'GitHub did not answer in many attempts over about half an hour. Nothing was started. Comment again; the operator finds the fault in the log ("delivery.undecided").',
}

const ENDS: Readonly<Record<EndReason, readonly [means: string, wayOut: string]>> = {
  passed: [
    'Every stage ended green, and it is proved that nothing of the run is left.',
    'Nothing is to be done.',
  ],
  stage_failed: [
    'A stage ended red, or ran out of its own time.',
    'The log of the stage says why; "keep=30m" in the command holds a red run for inspection.',
  ],
  teardown_unverified: [
    'Every stage was green, but it is not proved that all is taken down.',
    'The check names what is left. The domain stays dirty, and is cleaned before anybody uses it.',
  ],
  harness_fault: [
    'berth itself failed; that says nothing about the pull request.',
    'The title names the cause. "!testme retry" asks again; the operator sees the run’s page and the log.',
  ],
  lock_lost: [
    'The state folder or a lock file was removed or replaced under the run.',
    'The run took down what is its own. The operator finds out who touches the state folder.',
  ],
  not_started: ['The run could not be started.', 'The title says why. Nothing was put up.'],
  not_cleaned: [
    'The run died, and cleaning up after it failed, or was ended by hand.',
    'Its domain is not used before it is clean: a sweep of the janitor, or "berth locks release" once it is dealt with.',
  ],
  domain_dirty: [
    'The domain is blocked: cleaning up after an earlier run has failed three times, or what that run left cannot be read.',
    'The operator looks at what is left of that run, and says so with "berth locks release"; then "!testme retry".',
  ],
  lock_timeout: [
    'The domain was not free in the time that was given.',
    'Wait longer ("--wait"), or see "berth locks" for who has it.',
  ],
  deadline: [
    'The run took longer than its deadline; it was stopped and taken down.',
    'The recipe sets "deadline", within the operator’s budgets.',
  ],
  interrupted: [
    'Whoever ran it in a terminal pressed Ctrl-C; it was taken down.',
    'Run it again; nothing of it is left.',
  ],
  cancelled: [
    'It was asked to stop: by a person, a push, or the closing of the pull request; it was taken down.',
    'The title says who asked. "!testme retry" asks again.',
  ],
}
