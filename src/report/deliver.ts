import { HarnessError } from '../errors.ts'
import type { Report, ReportTry } from '../model/report.ts'
import { checkOf, replyOf } from './bodies.ts'
import { isAlreadyThere, isGone, isNotTaken } from './faults.ts'
import type { FoundReply, GitHubWriter } from './ports.ts'
import { hasAnnotations, isSameEnd, withoutAnnotations } from './sameEnd.ts'

/** Comments are searched from a while before the report was made: two clocks are at work. */
const SKEW_MS = 3_600_000

/**
 * Says one report to GitHub; resolves to GitHub's id of the check run or of the reply, if it is one. Nothing is created twice: after
 * an attempt whose answer is not known, it is looked for first.
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
  const { knownId, tried, attempts } = attempt
  const { key, updateBody } = checkOf(report)
  const mayHaveArrived = attempts > 1 && hasAnnotations(updateBody)
  const known = knownId ?? (tried ? await github.findCheck(report, key, signal) : null)
  if (known !== null) return update(known, mayHaveArrived)
  try {
    return await takenWith(report.body, (body) => github.createCheck(report, body, signal))
  } catch (error) {
    if (!isAlreadyThere(error)) throw error
    return update(theirs(await github.findCheck(report, key, signal), report, error), true)
  }

  /** GitHub adds the annotations of each call to what it has: one that has arrived is not repeated. */
  async function update(id: number, look: boolean): Promise<number> {
    if (look && isSameEnd(await github.checkRun(report, id, signal), updateBody)) return id
    const send = (body: string) => github.updateCheck(report, id, body, signal)
    await takenWith(updateBody, send).catch((error: unknown) => {
      throw onceMore(error, report, attempt)
    })
    return id
  }
}

/** An end that GitHub does not take for its annotations' sake goes without them: a check that stays in progress would be worse. */
async function takenWith<T>(body: string, send: (body: string) => Promise<T>): Promise<T> {
  try {
    return await send(body)
  } catch (error) {
    if (!isNotTaken(error) || !hasAnnotations(body)) throw error
    return send(withoutAnnotations(body))
  }
}

async function reply(
  report: Report,
  attempt: ReportTry,
  github: GitHubWriter,
  signal: AbortSignal,
): Promise<number> {
  const { knownId, tried, sinceMs } = attempt
  const { marker, text, body } = replyOf(report)
  const search = { pr: report.pr, marker, sinceMs: sinceMs - SKEW_MS }
  if (knownId !== null) return edit(knownId)
  const found = tried ? await github.findReply(report, search, signal) : null
  if (found !== null) return upToDate(found)
  try {
    return await github.createReply(report, report.pr, body, signal)
  } catch (error) {
    const there = isAlreadyThere(error) ? await github.findReply(report, search, signal) : null
    if (there === null) throw error
    return upToDate(there)
  }

  async function upToDate({ id, text: shown }: FoundReply): Promise<number> {
    return shown === text || report.commentId === null ? id : edit(id)
  }

  async function edit(id: number): Promise<number> {
    await github.updateReply(report, id, body, signal).catch(unlessGone)
    return id
  }

  /** A reply that somebody has taken away stays away. GitHub says the same of what it hides: it is believed when the others are seen. */
  async function unlessGone(error: unknown): Promise<void> {
    if (!isGone(error) || (await github.findReply(report, search, signal)) !== null)
      throw onceMore(error, report, attempt)
  }
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
