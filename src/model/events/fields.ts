/** What a field of an event holds, by the words of the table below. */
export interface FieldTypes {
  readonly text: string
  readonly 'text or null': string | null
  readonly number: number
  readonly 'number or null': number | null
  readonly flag: boolean
  readonly texts: readonly string[]
  readonly numbers: readonly number[]
}

interface FieldRow {
  readonly type: keyof FieldTypes
  readonly means: string
}

/** Every field that an event of the log may have: one name, one meaning. Times and spans are milliseconds; `…At` and `until…` are wall clock. */
export const FIELDS = {
  run: { type: 'text', means: 'id of the run' },
  recipe: { type: 'text', means: 'its recipe' },
  domain: { type: 'text', means: 'the domain it deploys at, or the name that an order is about' },
  pr: { type: 'number', means: 'the pull request; 0 = none' },
  repository: { type: 'text', means: '`owner/name`' },
  sha: { type: 'text', means: 'the commit' },
  stage: { type: 'text', means: 'name of the stage' },
  outcome: { type: 'text', means: 'what came of it: a word of a closed set' },
  conclusion: { type: 'text', means: 'GitHub’s word for how the run ended' },
  reason: { type: 'text', means: 'why: a word of a closed set' },
  waitsFor: { type: 'text or null', means: 'what a queued run waits for, in words; null = nothing any more' },
  place: { type: 'number or null', means: 'its place in the queue for its names; null = not known' },
  fault: { type: 'text or null', means: 'what went wrong on the way there; null = nothing' },
  exitCode: { type: 'number or null', means: 'of the stage’s command; null = it has none' },
  tookMs: { type: 'number', means: 'how long it took' },
  forMs: { type: 'number', means: 'for how long' },
  ended: { type: 'number', means: 'how many processes teardown has ended' },
  left: { type: 'texts', means: 'what is left, each thing named' },
  processes: { type: 'number', means: 'how many processes have conducted the run' },
  error: { type: 'text', means: 'the fault, in words' },
  state: { type: 'text', means: 'the state in the records' },
  why: { type: 'text', means: 'the reason, in words' },
  delivery: { type: 'text', means: 'id of the webhook call' },
  webhook: { type: 'text', means: 'GitHub’s name of the event' },
  isNew: { type: 'flag', means: 'false = it was known, and nothing more comes of it' },
  runs: { type: 'texts', means: 'ids of the runs that came of it' },
  comments: { type: 'numbers', means: 'ids of the comments that get an answer' },
  receivedAtMs: { type: 'number', means: 'when the webhook was taken' },
  status: { type: 'number', means: 'the HTTP status that was answered' },
  key: { type: 'text', means: 'what names the report for ever' },
  kind: { type: 'text', means: 'kind of the report or the alarm' },
  terminal: { type: 'flag', means: 'the report says that the run is over' },
  comment: { type: 'number', means: 'id of the comment' },
  attempts: { type: 'number', means: 'how many there have been' },
  ageMs: { type: 'number', means: 'from being stored to now' },
  untilMs: { type: 'number', means: 'not before then' },
  installationId: { type: 'number', means: 'GitHub’s id of the installation' },
  alarm: { type: 'text', means: 'id of the alarm' },
  subject: { type: 'text', means: 'what the alarm is about' },
  text: { type: 'text', means: 'one line for people' },
  file: { type: 'text', means: 'name of the file' },
  loop: { type: 'text', means: 'which part of the service' },
  order: { type: 'text', means: 'id of the order' },
  by: { type: 'text', means: 'who asked' },
  detail: { type: 'text', means: 'one line for people' },
  look: { type: 'text', means: 'which look at GitHub' },
  failures: { type: 'number', means: 'how many in a row' },
  where: { type: 'text', means: 'repository or delivery' },
  what: { type: 'text', means: 'a word of a closed set' },
  count: { type: 'number', means: 'how many' },
  check: { type: 'number', means: 'GitHub’s id of the check run' },
  was: { type: 'text', means: 'what GitHub’s check run showed' },
  path: { type: 'text', means: 'path of the request' },
  url: { type: 'text', means: 'where people reach the service' },
  webhooks: { type: 'text', means: 'the path that takes webhooks' },
  stateDir: { type: 'text', means: 'the state folder' },
  recipes: { type: 'texts', means: 'names of the recipes' },
  switchedOff: { type: 'texts', means: 'background mechanisms that the operator has switched off' },
  changed: { type: 'texts', means: 'names of what has changed, as the file has them' },
  faults: { type: 'texts', means: 'each fault, with its place' },
  how: { type: 'text', means: 'a word of a closed set' },
  pid: { type: 'number or null', means: 'of the process' },
  startTime: { type: 'text or null', means: 'of the process, in the kernel’s ticks since boot' },
  boot: { type: 'text or null', means: 'the kernel’s id of the boot that the process was of' },
  isThisBoot: { type: 'flag', means: 'that boot is the present one' },
  dropped: { type: 'number', means: 'how many will never arrive' },
} as const satisfies Readonly<Record<string, FieldRow>>

export type FieldName = keyof typeof FIELDS
