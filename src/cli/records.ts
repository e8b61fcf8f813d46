import { EXIT } from '../errors.ts'
import { deadRuns } from '../lock/deadRuns.ts'
import { lockStandOf, lookAtNames } from '../lock/look.ts'
import { type Annotations, annotationLines } from '../model/annotations.ts'
import { conductorWords } from '../model/conductor.ts'
import { formatDuration } from '../model/duration.ts'
import { deferringStage, type Journal } from '../model/journal.ts'
import { plainText } from '../model/plainText.ts'
import { lockLine, type ProofLine, proofLines, textOfLine } from '../model/proofLines.ts'
import { journalEntries } from '../model/readJournal.ts'
import { conductorOf } from '../process/conductor.ts'
import { annotationsOf } from '../store/annotations/file.ts'
import { readIfThere } from '../store/durable.ts'
import { findRun, lookAtRun, lookAtRuns, phaseOf, type RunLook } from '../store/runLook.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { paintOf, type Screen } from './screen.ts'
import { type Column, momentText, table, timeText } from './table.ts'

/** `berth runs`: from the run folders, so with or without the service. */
export function listRuns({ state, stdout }: Context, options: { json: boolean; limit: number }): number {
  const looks = lookAtRuns(state, options.limit)
  const dead = deadAmong(state, looks)
  if (options.json) stdout.write(jsonText(looks.map((look) => asJson(look, dead.has(look.run.id)))))
  else if (looks.length === 0) stdout.write('There is no run yet; start one with `berth run RECIPE`.\n')
  else
    stdout.write(
      table(
        HEADS,
        looks.map((look) => rowOf(look, dead.has(look.run.id), stdout)),
        stdout,
      ),
    )
  return EXIT.ok
}

/** Asked of the kernel: a run whose processes are gone can write nothing of that. */
function deadAmong(state: StatePaths, looks: readonly RunLook[]): ReadonlySet<string> {
  const suspects = looks.flatMap(({ run, request, result }) =>
    request === null || result !== null ? [] : [{ id: run.id, names: request.names }],
  )
  return deadRuns(state, suspects)
}

const HEADS: readonly (string | Column)[] = [
  { head: 'run', whole: true },
  'recipe',
  { head: 'domain', spare: 1 },
  { head: 'pr', spare: 3 },
  { head: 'commit', spare: 4 },
  { head: 'started', spare: 2 },
  { head: 'phase', paint: paintOf },
  { head: 'how it ended', paint: paintOf },
]

function rowOf(look: RunLook, dead: boolean, screen: Screen): string[] {
  const { run, request, journal, result, fault } = look
  const end = fault ?? (result === null ? '' : `${result.conclusion}: ${result.title}`)
  const { recipe = '?', domain = '?', pr = 0, sha = '' } = request ?? {}
  return [
    run.id,
    recipe,
    domain,
    String(pr),
    sha.slice(0, 12),
    momentText(journal.firstProcess?.at ?? request?.requestedAtMs ?? null, screen),
    phaseOf(look, dead),
    end,
  ]
}

function asJson({ run, request, journal, result, fault }: RunLook, dead: boolean): object {
  return {
    run: run.id,
    folder: run.folder,
    phase: phaseOf({ journal, result }, dead),
    request,
    journal,
    result,
    fault,
  }
}

/** `berth show RUN`: all of it, with the journal line by line. */
export function showRun({ state, stdout }: Context, words: string, json: boolean): number {
  const look = lookAtRun(findRun(state, words))
  const dead = deadAmong(state, [look]).has(look.run.id)
  const annotations = annotationsOf(look.run)
  const whole = { ...asJson(look, dead), conductor: conductorOf(look.journal), annotations }
  stdout.write(json ? jsonText(whole) : textOf(state, look, annotations, dead, stdout))
  return EXIT.ok
}

function textOf(
  state: StatePaths,
  look: RunLook,
  annotations: Annotations | null,
  dead: boolean,
  screen: Screen,
): string {
  const { run, request, journal, result, fault } = look
  const facts: [string, string][] = [
    ['run', run.id],
    ['phase', phaseOf(look, dead)],
    ['recipe', request === null ? '?' : `${request.recipe} (sha256 ${request.recipeDigest.slice(0, 12)})`],
    ['names', request?.names.join(', ') ?? '?'],
    [
      'commit',
      request === null ? '?' : `${request.sha} of ${request.repository}, pull request ${request.pr}`,
    ],
    ['asked by', request?.actor ?? '?'],
    ...conductedBy(look, dead),
    ...stopOf(journal, result !== null),
    ['containment', journal.containmentLevel ?? 'none yet'],
    [
      'ended as',
      result === null
        ? 'it has not ended'
        : `${result.conclusion} (${result.reason}, exit ${result.exitCode}): ${result.title}`,
    ],
    ['folder', run.folder],
    ...(fault === null ? [] : [['fault', fault] as [string, string]]),
  ]
  const lines = facts.map(([key, value]) => `${key.padEnd(12)} ${plainText(value)}`)
  const proof = proofOf(state, look).map((line) => plainText(textOfLine(line)))
  const parts = [lines, stageLines(journal, screen), annotationLines(annotations), proof, journalLines(look)]
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`
}

const STAGES: readonly (string | Column)[] = [
  { head: 'stage', whole: true },
  { head: 'outcome', paint: paintOf },
  'took',
  'detail',
]

function stageLines({ stages, planned }: Journal, screen: Screen): readonly string[] {
  const begun = stages.map(({ name, outcome, startedAtMs, endedAtMs, detail }) => [
    name,
    outcome ?? 'running',
    endedAtMs === null ? '' : formatDuration(Math.max(0, endedAtMs - startedAtMs)),
    detail,
  ])
  const ahead = (planned ?? []).slice(stages.length).map((name) => [name, '', '', ''])
  const rows = [...begun, ...ahead]
  return rows.length === 0 ? [] : [table(STAGES, rows, screen).trimEnd()]
}

/** Until its processes have ended: then nothing of it is anybody's. */
function conductedBy({ journal, result }: RunLook, dead: boolean): [string, string][] {
  const conductor = conductorOf(journal)
  if (result !== null && conductor?.stands !== 'live') return []
  return [['conducted by', conductorWords(conductor, dead)]]
}

function stopOf(journal: Journal, isOver: boolean): [string, string][] {
  const { stop } = journal
  if (stop === null || isOver) return []
  const stage = deferringStage(journal)
  const waits = stage === null ? '' : `; it waits for stage ${stage}, which may not be interrupted`
  return [['to stop', `${stop.reason}, by ${stop.by}${waits}`]]
}

function proofOf(state: StatePaths, { run, request, journal, result }: RunLook): readonly ProofLine[] {
  const lines = proofLines(journal)
  if (result === null || request === null || journal.processes === 0) return lines
  const { names } = request
  return [...lines, lockLine(names, lockStandOf(lookAtNames(state), run.id, names, journal))]
}

function journalLines({ run, fault }: RunLook): readonly string[] {
  if (fault !== null) return []
  const entries = journalEntries(readIfThere(run.journal) ?? '')
  const first = entries[0]?.mono ?? 0
  return entries.map(({ at, mono, event, ...rest }) => {
    const since = entries[0]?.at === undefined || mono < first ? '' : formatDuration(mono - first)
    return `${timeText(at)} ${since.padStart(9)}  ${event.padEnd(17)} ${plainText(JSON.stringify(rest))}`
  })
}
