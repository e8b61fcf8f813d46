import { join } from 'node:path'
import { styleText } from 'node:util'
import { formatDuration } from '../model/duration.ts'
import { endingWords } from '../model/ending.ts'
import { deferringStage, isVerified, type Journal, type StageRecord } from '../model/journal.ts'
import { plainText } from '../model/plainText.ts'
import { teardownWords } from '../model/proofLines.ts'
import type { Verdict } from '../model/run.ts'
import { stageLogName } from '../model/stageLog.ts'
import { tailOfFile } from '../store/logTail.ts'
import type { RunPaths } from '../store/runFolder.ts'

/** Where progress is shown: a terminal gets a live line, anything else plain lines. */
export interface Screen {
  readonly isTTY?: boolean
  readonly write: (text: string) => unknown
}

const TAIL_BYTES = 4096
const TAIL_LINES = 12

/** Shows a run's journal as it grows. */
export class Progress {
  readonly #screen: Screen
  readonly #run: RunPaths
  #shown = new Set<string>()
  #liveLine = false

  constructor(screen: Screen, run: RunPaths) {
    this.#screen = screen
    this.#run = run
  }

  /** Shows what is new; on a terminal also what is under way, and since when. */
  update(journal: Journal): void {
    if (journal.prepareFault !== null)
      this.#once('fault', `  ${this.#paint('red', 'fault')} ${plainText(journal.prepareFault)}`)
    journal.stages.forEach((stage, index) => this.#stage(stage, index))
    if (journal.stop !== null)
      this.#once('stop', `  stop: ${journal.stop.reason}, by ${plainText(journal.stop.by)}`)
    const deferring = journal.stop === null ? null : deferringStage(journal)
    if (deferring !== null)
      this.#once('deferred', `        it waits for stage ${deferring}, which may not be interrupted`)
    if (journal.kept)
      this.#once('kept', `  kept for inspection for ${formatDuration(journal.keepMs)}: ${this.#run.folder}`)
    if (journal.teardown !== null) this.#once('teardown', this.#teardownLine(journal))
    if (journal.cleanings.length > 0)
      this.#once('cleaned', `  cleaned: ${isVerified(journal) ? 'nothing is left' : 'not verified'}`)
    this.#live(journal)
  }

  line(text: string): void {
    this.#clear()
    this.#screen.write(`${plainText(text)}\n`)
  }

  verdict(verdict: Verdict): void {
    const color = verdict.conclusion === 'success' ? 'green' : 'red'
    this.#clear()
    this.#screen.write(`${this.#paint(color, verdict.conclusion)}: ${plainText(verdict.title)}\n`)
  }

  #stage(stage: StageRecord, index: number): void {
    if (stage.outcome === null) {
      if (this.#screen.isTTY !== true) this.#once(`start ${stage.name}`, `  ...   ${stage.name}`)
      return
    }
    const took = formatDuration((stage.endedAtMs ?? stage.startedAtMs) - stage.startedAtMs)
    const green = stage.outcome === 'success'
    const word = green ? this.#paint('green', 'ok   ') : this.#paint('red', 'RED  ')
    const log = join(this.#run.stages, stageLogName(index, stage.name))
    const ending = stage.ending === null ? [] : [`        ${endingWords(stage.ending)}`]
    const tail = green
      ? []
      : [`        ${stage.outcome}: ${plainText(stage.detail)}`, ...ending, ...tailOf(log)]
    this.#once(stage.name, [`  ${word} ${stage.name}  ${took}`, ...tail].join('\n'))
  }

  #teardownLine(journal: Journal): string {
    const report = journal.teardown
    if (report === null) return ''
    const took = formatDuration(report.tookMs)
    const word = report.verified ? this.#paint('green', 'ok   ') : this.#paint('red', 'RED  ')
    return [
      `  ${word} teardown  ${took}: ${teardownWords(report)}`,
      ...report.left.map((it) => `        ${plainText(it)}`),
    ].join('\n')
  }

  #once(key: string, text: string): void {
    if (this.#shown.has(key)) return
    this.#shown.add(key)
    this.#clear()
    this.#screen.write(`${text}\n`)
  }

  #live(journal: Journal): void {
    if (this.#screen.isTTY !== true || journal.verdict !== null) return
    const stage = journal.stages.find(({ outcome }) => outcome === null)
    const what = journal.teardownStarted
      ? 'teardown'
      : (stage?.name ?? (journal.planned === null ? 'checkout' : null))
    if (what === null) return
    const since = journal.teardownStarted ? journal.lastAtMs : (stage?.startedAtMs ?? journal.lastAtMs)
    this.#clear()
    this.#liveLine = true
    this.#screen.write(
      `  ...   ${what}  ${formatDuration(Math.max(0, Math.floor((Date.now() - (since ?? Date.now())) / 1000) * 1000))}`,
    )
  }

  #clear(): void {
    if (this.#liveLine) this.#screen.write('\r\u001b[2K')
    this.#liveLine = false
  }

  #paint(color: 'green' | 'red', text: string): string {
    return this.#screen.isTTY === true ? styleText(color, text) : text
  }
}

/** The last lines of a log, made harmless for a terminal. */
function tailOf(log: string): readonly string[] {
  const lines = tailOfFile(log, TAIL_BYTES).trimEnd().split('\n').slice(-TAIL_LINES)
  return lines.filter((line) => line !== '').map((line) => `      | ${plainText(line)}`)
}
