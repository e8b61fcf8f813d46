import { type Mutant, mutant } from './mutant.ts'

const REAPER = 'src/queue/reaper.ts'
const CLAIM = 'src/lock/claim.ts'
const QUEUE = 'src/queue/queue.ts'
const FOLLOWER = 'src/queue/follower.ts'

const REAPER_TEST = 'test/queue/reaper.test.ts'
const CLAIM_TEST = 'test/lock/claim.test.ts'
const FOLLOWER_TEST = 'test/queue/follower.test.ts'
const QUEUE_TEST = 'test/queue/queue.test.ts'
const BEFORE_NEW_WORK = 'before any new work is taken, however long a look takes'
const LEFT_OUT = 'a note of an end that a killed service has left out'
const GRACE = 'a result that is there is left to the follower for its grace'

/** Runs that somebody else ends than the process that conducted them. */
export const TAKEN_OVER: readonly Mutant[] = [
  mutant(
    'result-has-its-grace',
    'A result is left to the follower for its grace: it is taken at once.',
    [REAPER, 'nowMs - sinceMs >= FINALISE_GRACE_MS', 'true'],
    [REAPER_TEST, GRACE],
  ),
  mutant(
    'grace-ends',
    'Past its grace the reaper takes it, a living wrapper or not: only without one.',
    [REAPER, 'if (late.has(row.id)) void reap', 'if (late.has(row.id) && !guarded.has(row.id)) void reap'],
    [REAPER_TEST, GRACE],
  ),
  mutant(
    'recovery-is-told',
    'A recovery is told as a take-over when it begins: it is not.',
    [
      CLAIM,
      "recoverer.note?.({ run: id, how: 'recovered', by: recoverer.by, from: seen.lastProcess })\n",
      '',
    ],
    [REAPER_TEST, 'of an owner of an earlier boot the locks are taken'],
  ),
  mutant(
    'only-what-was-missing-is-told',
    'Who is concluded for processes that are gone is told as taken over, if its result was missing: always.',
    [
      CLAIM,
      'if (writeResult(run, request, { ...journal, verdict }))\n',
      'writeResult(run, request, { ...journal, verdict })\n',
    ],
    [CLAIM_TEST, 'it is told as taken over only where the result was missing'],
  ),
  mutant(
    'mark-says-begun',
    'A run whose own mark is there had begun, whatever has become of its folder: it is started again.',
    [REAPER, "exists || (recovered.kind === 'dirty' && recovered.run === row.id)", 'exists'],
    [REAPER_TEST, 'that is starting by its record, and whose folder is gone'],
  ),
  mutant(
    'only-its-own-mark',
    'The mark of another run says nothing of it: it says that it had begun.',
    [REAPER, "(recovered.kind === 'dirty' && recovered.run === row.id)", "recovered.kind === 'dirty'"],
    [REAPER_TEST, 'nor does the mark of another run keep it from that'],
  ),
  mutant(
    'only-starting-starts-again',
    'Only a run that was to be started is: one that was under way is, too.',
    [REAPER, "if (!hasBegun && row.state === 'starting')", 'if (!hasBegun)'],
    [REAPER_TEST, 'a run that was under way, and of which nothing is left'],
  ),
  mutant(
    'most-starts',
    'A run whose start kills the service is given up after three: never.',
    [REAPER, 'if (row.attempts >= MOST_STARTS)', 'if (false)'],
    [REAPER_TEST, 'a run whose every start has ended the service'],
  ),
  mutant(
    'cleaned-later-stays',
    'A run that is to be cleaned once more stays under way: it is given up.',
    [REAPER, "if (recovered.kind === 'dirty' && recovered.due.kind !== 'blocked') return false\n", ''],
    [REAPER_TEST, 'a run whose cleaning has failed and is to be repeated'],
  ),
  mutant(
    'guard-ends',
    'A run whose wrapper has died under a living service is looked at from then on: never.',
    [REAPER, 'guarded.delete(runId)\n', ''],
    [REAPER_TEST, 'a run that this service started is left to its wrapper as long as that lives'],
  ),
  mutant(
    'gone-folder-blocks',
    'A run whose folder is gone blocks its names until a person has looked: they are free.',
    [
      CLAIM,
      'if (!hasRunFolder(run)) return blocked(id, `its folder ${run.folder} is gone`)',
      "if (!hasRunFolder(run)) return { kind: 'clean', recovered: [] }",
    ],
    [CLAIM_TEST, 'a run whose folder is gone blocks its names'],
  ),
]

/** What a service that starts looks at, and how it follows what runs. */
export const FOLLOWED: readonly Mutant[] = [
  mutant(
    'ends-before-new-work',
    'What has ended while no service was there is concluded before any new work is taken: after that.',
    [QUEUE, 'await follower.pass()\n', ''],
    [QUEUE_TEST, BEFORE_NEW_WORK],
  ),
  mutant(
    'dead-before-new-work',
    'What nobody has any more is taken over before that: after it.',
    [QUEUE, 'await reaper.pass()\n', ''],
    [QUEUE_TEST, BEFORE_NEW_WORK],
  ),
  mutant(
    'folder-says-begun',
    'A run that a restored copy has for queued, and that has a folder, is followed from that: it is started once more.',
    [QUEUE, 'await adoptBegun(world)\n', ''],
    ['test/queue/restored.test.ts', 'one that lives is followed, and hears of a stop'],
  ),
  mutant(
    'forgotten-note',
    'A note that a killed service has left out is written by the next one: never.',
    [QUEUE, 'await noteForgotten(world)\n', ''],
    [QUEUE_TEST, LEFT_OUT],
  ),
  mutant(
    'note-of-ends-only',
    'It is written of runs that are over by the records: of all.',
    [QUEUE, 'if (isKnown) machine', 'machine'],
    [QUEUE_TEST, LEFT_OUT],
  ),
  mutant(
    'result-before-stop',
    'A run that has its result is concluded, whatever was asked of it: the stop is passed on first.',
    [
      FOLLOWER,
      'if (look.result !== null) return conclude',
      'if (row.stop !== null) world.machine.stop(row.id, row.stop)\n    if (look.result !== null) return conclude',
    ],
    [REAPER_TEST, 'a stop that cannot be passed on any more'],
  ),
  mutant(
    'stop-is-passed-on',
    'A stop that the records have is passed on to the run: it is not.',
    [FOLLOWER, 'world.machine.stop(row.id, row.stop)\n', ''],
    [FOLLOWER_TEST, 'a stop that the records have is passed on'],
  ),
  mutant(
    'one-poison-run',
    'A run that cannot be followed keeps no other from being followed: it does.',
    [
      FOLLOWER,
      "await follow(row).catch((error: unknown) =>\n          world.log.error({ run: row.id, error: messageOf(error) }, 'follow.failed'),\n        )",
      'await follow(row)',
    ],
    [FOLLOWER_TEST, 'a run that cannot be followed keeps no other from its end'],
  ),
]
