import { HarnessError } from '../errors.ts'
import type { Report, ReportTry } from '../model/ports.ts'
import { checkOf, replyOf } from './bodies.ts'
import { isAlreadyThere } from './faults.ts'
import type { GitHubWriter } from './ports.ts'

/** Comments are searched from a while before the report was made: two clocks are at work. */
const SKEW_MS = 3_600_000

/**
 * Says one report to GitHub; resolves to the id of the run's check run, if it is a check. Nothing is created twice: after an
 * attempt whose answer is not known, it is looked for first.
 */
export async function deliver(
  report: Report,
  attempt: ReportTry,
  github: GitHubWriter,
  signal: AbortSignal,
): Promise<number | null> {
  switch (report.kind) {
    case 'check':
      return tellCheck(report, attempt, github, signal)
    case 'reply':
      return reply(report, attempt, github, signal)
    case 'reaction':
      return react(report, attempt, github, signal)
  }
}

async function tellCheck(
  report: Report,
  attempt: ReportTry,
  github: GitHubWriter,
  signal: AbortSignal,
): Promise<number> {
  const { checkRunId, tried } = attempt
  const { key, updateBody } = checkOf(report)
  const known = checkRunId ?? (tried ? await github.findCheck(report, key, signal) : null)
  if (known !== null) return update(known)
  try {
    return await github.createCheck(report, report.body, signal)
  } catch (error) {
    if (!isAlreadyThere(error)) throw error
    return update(theirs(await github.findCheck(report, key, signal), report, error))
  }

  async function update(id: number): Promise<number> {
    await github.updateCheck(report, id, updateBody, signal).catch((error: unknown) => {
      throw onceMore(error, report, attempt)
    })
    return id
  }
}

async function reply(
  report: Report,
  { tried }: ReportTry,
  github: GitHubWriter,
  signal: AbortSignal,
): Promise<null> {
  const { marker, body } = replyOf(report)
  const search = { pr: report.pr, marker, sinceMs: report.createdAtMs - SKEW_MS }
  const isThere = () => github.hasReply(report, search, signal)
  if (tried && (await isThere())) return null
  await github.createReply(report, report.pr, body, signal).catch(async (error: unknown) => {
    if (!isAlreadyThere(error) || !(await isThere())) throw error
  })
  return null
}

/** GitHub keeps one reaction of a kind per user, and answers a repetition with the first. */
async function react(
  report: Report,
  attempt: ReportTry,
  github: GitHubWriter,
  signal: AbortSignal,
): Promise<null> {
  if (report.commentId === null)
    throw new HarnessError('REPORT_BODY', `Report ${report.key} is a reaction to no comment`)
  await github.react(report, report.commentId, report.body, signal).catch((error: unknown) => {
    if (!isAlreadyThere(error) || attempt.attempts === 1) throw onceMore(error, report, attempt)
  })
  return null
}

/**
 * A reaction and an update change nothing when they are repeated: "already there" is no answer to them, and who says so once is asked once more
 * rather than believed. @returns what is to be thrown
 */
function onceMore(error: unknown, report: Report, { attempts }: ReportTry): unknown {
  if (!isAlreadyThere(error) || attempts > 1) return error
  return new HarnessError(
    'REPORT_REPEATED',
    `GitHub says that report ${report.key} is there already; it is sent again`,
    { cause: error },
  )
}

/** "Already there" is believed when it is seen. */
function theirs(id: number | null, report: Report, cause: unknown): number {
  if (id !== null) return id
  throw new HarnessError(
    'REPORT_CONFLICT',
    `GitHub has something else in the place of report ${report.key}`,
    {
      cause,
    },
  )
}
