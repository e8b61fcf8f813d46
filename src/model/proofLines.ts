import { formatDuration } from './duration.ts'
import { endingWords } from './ending.ts'
import { engineWords } from './engineEnding.ts'
import type { Journal, TeardownReport } from './journal.ts'
import type { Name } from './names.ts'

/** One thing that was ended, and how that is known. Only `name` and `things` come from outside. */
export interface ProofLine {
  readonly what: string
  /** The stage's; null = no stage. */
  readonly name: string | null
  readonly words: string
  /** What the words are about: what is left, or the names of locks. */
  readonly things: readonly string[]
}

/** How the locks of a run that is over stand. `marked` = nobody has them, and what was put up may be there still. */
export type LockStand = 'held' | 'marked' | 'released'

/** What a run did without, and all that was ended of it: a stage that was stopped or timed out, and each attempt at teardown. */
export function proofLines({ withheld, stages, teardown, cleanings }: Journal): readonly ProofLine[] {
  return [
    ...(withheld.length === 0 ? [] : [withheldLine(withheld)]),
    ...stages.flatMap(({ name, ending }) =>
      ending === null ? [] : [{ what: 'Stage', name, words: endingWords(ending), things: ending.left }],
    ),
    ...(teardown === null ? [] : [teardownLine('Teardown', teardown)]),
    ...cleanings.map((cleaning) => teardownLine('Cleaned once more', cleaning)),
  ]
}

function withheldLine(names: readonly string[]): ProofLine {
  return { what: 'Secrets', name: null, words: WITHHELD, things: names }
}

const WITHHELD = 'code of a fork gets one only where the recipe says `forks: true`, and so did without'

/** The line of a run's locks. */
export function lockLine(names: readonly Name[], stand: LockStand): ProofLine {
  return { what: 'Locks', name: null, words: LOCK_WORDS[stand], things: names }
}

const LOCK_WORDS: Readonly<Record<LockStand, string>> = {
  held: 'given up when the last process of the run ends',
  marked: 'free, and marked as not cleaned',
  released: 'released, no process of the run has them and no mark is left',
}

/** A line as plain text. */
export function textOfLine(line: ProofLine): string {
  const things = line.things.length === 0 ? '' : `: ${line.things.join('; ')}`
  return `${headOf(line)}: ${line.words}${things}`
}

/** What a line is about. @param shown how a text from outside is made harmless */
export function headOf({ what, name }: ProofLine, shown = (text: string) => text): string {
  return name === null ? what : `${what} ${shown(name)}`
}

function teardownLine(what: string, report: TeardownReport): ProofLine {
  const words = teardownWords(report)
  return { what: `${what} (${formatDuration(report.tookMs)})`, name: null, words, things: report.left }
}

/** What a teardown has ended, and whether it is verified; what is left has to be named beside it. */
export function teardownWords(report: TeardownReport): string {
  const { ended, ending, engine } = report
  if (isByHand(report)) return standWords(report)
  const processes = ended === 1 ? '1 process' : `${ended} processes`
  const parts = [
    ending === null ? `${processes} ended` : endingWords(ending),
    ...(engine === undefined ? [] : [engineWords(engine)]),
    standWords(report),
  ]
  return parts.join('; ')
}

/** How a teardown stands, in short. */
export function standWords(report: TeardownReport): string {
  if (isByHand(report)) return 'not looked at'
  return report.verified ? 'verified, nothing is left' : `not verified, ${report.left.length} left`
}

/** One that names something and counts as verified all the same is a person's word: no kernel was asked. */
function isByHand({ verified, left }: TeardownReport): boolean {
  return verified && left.length > 0
}
