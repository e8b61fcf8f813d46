import { formatDuration } from '../model/duration.ts'
import { deferringStage, type Journal, type StageRecord } from '../model/journal.ts'
import { levelOf } from '../model/level.ts'
import type { RunRow } from '../model/ports.ts'
import { headOf, lockLine, type ProofLine, proofLines } from '../model/proofLines.ts'
import { isOver } from '../model/run.ts'
import type { Holder } from '../model/wait.ts'
import { annotationsText } from './annotations.ts'
import type { CheckExtras } from './extras.ts'
import { levelText } from './level.ts'
import { moment, nextMinute } from './moment.ts'
import { screenshotsText } from './screenshots.ts'
import { inCell } from './text.ts'
import { stopOf, stopping } from './title.ts'

/**
 * Rows and items that are shown. A cell has at most 100 characters, so 410 bytes with its fence; with these bounds a summary
 * cannot reach GitHub's 65,535 bytes.
 */
const MOST_ROWS = 40
const MOST_ITEMS = 12
const MOST_ARGUMENTS = 5

/** The check's summary in Markdown. Whatever comes from outside is a code span: it can mention, link and break out of nothing. */
export function summaryOf(row: RunRow, journal: Journal, extras: CheckExtras): string {
  const blocks = [
    row.state === 'queued' ? waitOf(row, extras) : '',
    verdictOf(row),
    stopLine(row, journal),
    isOver(row.state) ? levelText(levelOf(journal)) : '',
    screenshotsText(journal, extras.detailsUrl),
    stagesOf(row, journal, extras),
    isOver(row.state) ? annotationsText(extras.annotations) : '',
    isOver(row.state) ? proofOf(row, journal, extras) : '',
    factsOf(row),
  ]
  return blocks.filter((block) => block !== '').join('\n\n')
}

function waitOf({ waitsFor, names }: RunRow, { wait }: CheckExtras): string {
  const startsAtMs = wait?.startsAtMs ?? null
  const items = [
    waitsFor === null ? '' : `It waits for ${inCell(waitsFor)}.`,
    wait === null || wait.holder === null ? '' : holderLine(wait.holder),
    startsAtMs === null
      ? ''
      : `It starts about ${moment(nextMinute(startsAtMs))}, if what is ahead of it lasts as long as it did before.`,
    `It needs ${names.slice(0, MOST_ITEMS).map(inCell).join(', ')}.`,
  ]
  const head = wait === null ? 'The run is queued.' : `The run is queued, at place ${wait.place}.`
  const list = items.filter((item) => item !== '').map((item) => `- ${item}`)
  return [head, '', ...list].join('\n')
}

/** Who has a name. Markdown. */
export function holderLine({ name, run, pr, by, sinceMs }: Holder): string {
  const who = [
    run === null ? `kept by ${by === null ? 'somebody' : inCell(by)}` : `with run ${inCell(run)}`,
    ...(pr === null || run === null ? [] : [`of pull request ${pr}`]),
    ...(by === null || run === null ? [] : [`asked by ${inCell(by)}`]),
    ...(sinceMs === null ? [] : [`since ${moment(sinceMs)}`]),
  ]
  return `${inCell(name)} is ${who.join(', ')}.`
}

function verdictOf({ verdict }: RunRow): string {
  if (verdict === null) return ''
  return `**${verdict.conclusion}** (\`${verdict.reason}\`): ${inCell(verdict.title)}`
}

function stopLine(row: RunRow, journal: Journal): string {
  const text = stopping(stopOf(row, journal), deferringStage(journal))
  return text === null || isOver(row.state) ? '' : inCell(text)
}

function stagesOf(row: RunRow, journal: Journal, extras: CheckExtras): string {
  const names = journal.planned ?? journal.stages.map((stage) => stage.name)
  if (names.length === 0) return row.state === 'queued' ? '' : 'No stage has begun.'
  const begun = new Map(journal.stages.map((stage) => [stage.name, stage]))
  const rows = shownOf(names, journal.stages.length).map((name) =>
    rowOf(name, begun.get(name), isOver(row.state), extras.nowMs),
  )
  const hidden = names.length - rows.length
  return [
    '| Stage | Outcome | Time | Detail |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...(hidden === 0 ? [] : ['', `${hidden} more stages are in the details.`]),
  ].join('\n')
}

/** A red stage is the last one begun: the rows around it are those that matter. */
function shownOf(names: readonly string[], begun: number): readonly string[] {
  const start = Math.max(0, Math.min(begun - MOST_ROWS / 2, names.length - MOST_ROWS))
  return names.slice(start, start + MOST_ROWS)
}

function rowOf(name: string, stage: StageRecord | undefined, over: boolean, nowMs: number | null): string {
  if (stage === undefined) return `| ${inCell(name)} | ${over ? 'not begun' : 'to come'} | | |`
  const detail = stage.detail.trim() === '' ? '' : inCell(stage.detail)
  return `| ${inCell(name)} | ${stage.outcome ?? (over ? 'not ended' : 'under way')} | ${timeOf(stage, nowMs)} | ${detail} |`
}

function timeOf({ startedAtMs, endedAtMs }: StageRecord, nowMs: number | null): string {
  const end = endedAtMs ?? nowMs
  return end === null ? '' : formatDuration(end - startedAtMs)
}

/** Of several cleanings the last one counts; a run has no second stage that had to be ended. */
function proofOf(row: RunRow, journal: Journal, { locks }: CheckExtras): string {
  const cleanings = journal.cleanings.slice(-1)
  const stages = journal.stages.filter(({ ending }) => ending !== null).slice(-1)
  const lines = [
    ...proofLines({ ...journal, stages, cleanings }),
    ...(locks === null ? [] : [lockLine(row.names, locks)]),
  ]
  return [...(journal.teardown === null ? [untorn(journal)] : []), ...lines.map(proofLine)].join('\n\n')
}

function untorn({ teardownStarted, stages }: Journal): string {
  if (teardownStarted) return 'Teardown: begun, and it never ended.'
  return stages.length === 0 ? 'Teardown: nothing had been put up.' : 'Teardown: it never began.'
}

function proofLine(proof: ProofLine): string {
  const { words, things } = proof
  const line = `${headOf(proof, inCell)}: ${words}`
  if (things.length === 0) return `${line}.`
  const hidden = things.length - MOST_ITEMS
  const items = things.slice(0, MOST_ITEMS).map((item) => `- ${inCell(item)}`)
  return [`${line}:`, '', ...items, ...(hidden > 0 ? [`- and ${hidden} more`] : [])].join('\n')
}

function factsOf(row: RunRow): string {
  const given = Object.entries(row.arguments).slice(0, MOST_ARGUMENTS)
  const facts = [
    `Run ${inCell(row.id)}`,
    `recipe ${inCell(row.recipe)}`,
    ...given.map(([key, value]) => `with ${inCell(`${key}=${value}`)}`),
    `domain ${inCell(row.domain)}`,
    `commit ${inCell(row.sha)}`,
    `pull request ${row.pr}`,
    `asked by ${inCell(row.actor)}`,
  ]
  return facts.join(', ')
}
