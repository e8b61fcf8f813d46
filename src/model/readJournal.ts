import { AIMS, type Aim } from './aim.ts'
import { type Ending, PROOFS, type Proof } from './ending.ts'
import { readEngineEnding } from './engineEnding.ts'
import type {
  Containment,
  Entry,
  EntryBody,
  ProcessIdentity,
  StopRequest,
  TeardownReport,
} from './journal.ts'
import { EMPTY_JOURNAL, type Journal, STOP_REASONS, withEntry } from './journal.ts'
import { type Fields, fieldsOf, flagOf, listOf, numberOf, oneOf, optional, textOf, textsOf } from './read.ts'
import { OUTCOMES, readVerdict } from './run.ts'

/**
 * Reads a journal's text. The last line may be torn by a crash and is then no entry (an entry counts from its line end on);
 * any other unreadable line throws, naming its number.
 */
export function parseJournal(text: string): Journal {
  return journalEntries(text).reduce(withEntry, EMPTY_JOURNAL)
}

/** The entries of a journal's text, in order. */
export function journalEntries(text: string): readonly Entry[] {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.flatMap((line, index) => (line === '' ? [] : [parseEntry(line, index + 1)]))
}

function parseEntry(line: string, number: number): Entry {
  try {
    return readEntry(JSON.parse(line))
  } catch (error) {
    throw new TypeError(`journal.ndjson line ${number} cannot be read`, { cause: error })
  }
}

const READERS: { readonly [E in EntryBody['event']]: (fields: Fields) => EntryBody & { readonly event: E } } =
  {
    'process.started': (fields) => ({
      event: 'process.started',
      ...readIdentity(fields),
      wrapper: numberOf(fields, 'wrapper'),
    }),
    prepared: (fields) => ({
      event: 'prepared',
      stages: textsOf(fields, 'stages'),
      keepMs: numberOf(fields, 'keepMs'),
      containment: textOf(fields, 'containment'),
      fault: optional(fields, 'fault', textOf),
      withheld: optional(fields, 'withheld', textsOf) ?? [],
    }),
    'stage.started': (fields) => ({
      event: 'stage.started',
      name: textOf(fields, 'name'),
      containment: readContainment(fields['containment']),
      uninterruptible: optional(fields, 'uninterruptible', flagOf) ?? false,
    }),
    'stage.ended': (fields) => ({
      event: 'stage.ended',
      name: textOf(fields, 'name'),
      outcome: oneOf(fields, 'outcome', OUTCOMES),
      exitCode: optional(fields, 'exitCode', numberOf),
      detail: textOf(fields, 'detail'),
      ending: optional(fields, 'ending', readEnding),
      ...aimOf(fields),
    }),
    'stop.requested': (fields) => ({ event: 'stop.requested', stop: readStopRequest(fields['stop']) }),
    kept: (fields) => ({ event: 'kept', forMs: numberOf(fields, 'forMs') }),
    'teardown.started': (fields) => ({
      event: 'teardown.started',
      containment: readContainment(fields['containment']),
    }),
    'teardown.ended': (fields) => ({ event: 'teardown.ended', report: readReport(fields['report']) }),
    concluded: (fields) => ({ event: 'concluded', verdict: readVerdict(fields['verdict']) }),
    cleaned: (fields) => ({ event: 'cleaned', report: readReport(fields['report']) }),
  }

/** A newer berth may know of more. */
function aimOf(fields: Fields): { readonly aim?: Aim } {
  const aim = AIMS.find((known) => known === fields['aim'])
  return aim === undefined ? {} : { aim }
}

function readEntry(value: unknown): Entry {
  const fields = fieldsOf(value, 'entry')
  const event = textOf(fields, 'event')
  if (!isEvent(event)) throw new TypeError(`unknown event ${event}`)
  return { at: numberOf(fields, 'at'), mono: numberOf(fields, 'mono'), ...READERS[event](fields) }
}

function isEvent(text: string): text is EntryBody['event'] {
  return Object.hasOwn(READERS, text)
}

export function readStopRequest(value: unknown): StopRequest {
  const fields = fieldsOf(value, 'stop request')
  return {
    reason: oneOf(fields, 'reason', STOP_REASONS),
    by: textOf(fields, 'by'),
    atMs: numberOf(fields, 'atMs'),
  }
}

function readContainment(value: unknown): Containment {
  const fields = fieldsOf(value, 'containment')
  const kind = oneOf(fields, 'kind', ['cgroup', 'pid-namespace', 'sweep'])
  if (kind === 'cgroup') return { kind, path: textOf(fields, 'path') }
  const marks = { run: textOf(fields, 'run'), stage: textOf(fields, 'stage') }
  if (kind === 'sweep') return { kind, ...marks }
  return { kind, inode: numberOf(fields, 'inode'), ...readIdentity(fields), ...marks }
}

function readIdentity(fields: Fields): ProcessIdentity {
  return {
    pid: numberOf(fields, 'pid'),
    startTime: textOf(fields, 'startTime'),
    boot: textOf(fields, 'boot'),
  }
}

function readReport(value: unknown): TeardownReport {
  const fields = fieldsOf(value, 'teardown report')
  const engine = optional(fields, 'engine', (all, key) => readEngineEnding(fieldsOf(all[key], key)))
  return {
    verified: flagOf(fields, 'verified'),
    ended: numberOf(fields, 'ended'),
    ending: optional(fields, 'ending', readEnding),
    ...(engine === null ? {} : { engine }),
    tookMs: numberOf(fields, 'tookMs'),
    left: textsOf(fields, 'left'),
    ...(fields['timedOut'] === true ? { timedOut: true } : {}),
  }
}

/** Lines of an older berth have none. */
function readEnding(of: Fields, key: string): Ending {
  const fields = fieldsOf(of[key], key)
  return {
    asked: numberOf(fields, 'asked'),
    killed: numberOf(fields, 'killed'),
    graceMs: numberOf(fields, 'graceMs'),
    tookMs: numberOf(fields, 'tookMs'),
    proofs: listOf(fields, 'proofs', readProof),
    left: textsOf(fields, 'left'),
  }
}

function readProof(value: unknown): Proof {
  const fields = fieldsOf(value, 'proof')
  return { kind: oneOf(fields, 'kind', PROOFS), count: numberOf(fields, 'count') }
}
