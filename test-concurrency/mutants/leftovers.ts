import { type Mutant, mutant, pair } from './mutant.ts'

const LOCK_FILE = 'src/lock/lockFile.ts'
const IDLE = 'src/lock/idle.ts'
const START_RUN = 'src/lock/startRun.ts'
const CLAIM = 'src/lock/claim.ts'
const NAMES_TEST = 'test/lock/names.test.ts'
const CLAIM_TEST = 'test/lock/claim.test.ts'

/** What a dead run leaves, and how it comes to an end. */
export const LEFTOVERS: readonly Mutant[] = [
  mutant(
    'marks-are-looked-at',
    'Who has a lock looks for its mark: it does not.',
    [
      CLAIM,
      "const marked = held.fds.map(readMark).flatMap((mark) => (typeof mark === 'string' ? [] : [mark.run]))",
      'const marked: string[] = []',
    ],
    [CLAIM_TEST, 'a mark makes its name dirty also where the entry of its run is lost'],
  ),
  mutant(
    'entries-are-looked-at',
    'Who has a lock looks for open runs that name it, too: it does not.',
    [CLAIM, 'new Set([...marked, ...open.map((entry) => entry.run)])', 'new Set(marked)'],
    [CLAIM_TEST, 'an open run without a mark makes its names dirty'],
  ),
  mutant(
    'unlink-sees-marks',
    'A marked lock file is not unlinked: it is.',
    [IDLE, "const clean = held.fds.every((fd) => readMark(fd) === 'clean')", 'const clean = true'],
    [NAMES_TEST, 'is left while it is marked, or an open run names it'],
  ),
  mutant(
    'failed-cleanings-block',
    'A name that could not be cleaned three times is blocked: it is tried for ever.',
    [
      'src/model/cleaning.ts',
      "if (pauseMs === undefined) return { kind: 'blocked', failures }",
      "if (pauseMs === undefined) return { kind: 'now' }",
    ],
    [CLAIM_TEST, 'after failed cleanings the next is due later, then never'],
  ),
  mutant(
    'cleanings-have-pauses',
    'A cleaning that failed is repeated after a pause: at once, and for ever.',
    ['src/model/cleaning.ts', 'return atMs <= nowMs || lastAtMs > nowMs ? ', 'return true ? '],
    [CLAIM_TEST, 'after failed cleanings the next is due later, then never'],
  ),
  mutant(
    'stop-before-recovery',
    'Who recovers asks the run to stop first: it does not.',
    [CLAIM, "noteStop(run, { reason: 'abandoned', by: recoverer.by, atMs: Date.now() })", ''],
    ['test-concurrency/recovery.test.ts', 'case 20b: killed before its first line'],
  ),
  mutant(
    'run-lock',
    'Who conducts a run has the lock of its journal: nobody asks for it.',
    ['src/store/journalFile.ts', 'if (!tryFlock(fd)) {', 'if (false) {'],
    ['test/store/journalFile.test.ts', 'one process at a time conducts'],
  ),
  mutant(
    'run-lock-of-recoverer',
    'Who recovers a run has that lock while it looks: it looks without.',
    [CLAIM, 'return tryFlock(fd) ? act(journalOf(run)) : null', 'return act(journalOf(run))'],
    [CLAIM_TEST, 'a run that somebody conducts is waited for'],
  ),
  mutant(
    'only-cleared',
    'A run whose teardown is verified is only cleared: it is torn down again.',
    [CLAIM, "if (seen !== null && isVerified(seen)) return { kind: 'clean', recovered }", ''],
    [CLAIM_TEST, 'a run whose teardown is verified is only cleared'],
  ),
  mutant(
    'entry-stays',
    'A run stays open until all of its marks are cleared: it goes with the first.',
    ['src/lock/release.ts', 'if (marked.length === 0) removeOpenRun', 'removeOpenRun'],
    [CLAIM_TEST, 'a run whose teardown is verified is only cleared'],
  ),
  pair(
    'records-before-launch',
    'Entry and marks are on disk before the wrapper is launched: both come after it.',
    [
      [START_RUN, 'addOpenRun(state, mark)', 'queueMicrotask(() => addOpenRun(state, mark))'],
      [
        START_RUN,
        'for (const fd of held.fds) writeMark(fd, mark)',
        'queueMicrotask(() => held.fds.forEach((fd) => writeMark(fd, mark)))',
      ],
    ],
    ['test-concurrency/crashes.test.ts', 'R-LCK-16 before the wrapper is launched'],
  ),
  mutant(
    'entry-before-mark',
    'The entry comes before the marks: after them.',
    [
      START_RUN,
      'addOpenRun(state, mark)\n  for (const fd of held.fds) writeMark(fd, mark)',
      'for (const fd of held.fds) writeMark(fd, mark)\n  addOpenRun(state, mark)',
    ],
    ['test-concurrency/crashes.test.ts', 'R-LCK-16 before the wrapper is launched'],
  ),
  mutant(
    'marks-are-flushed',
    'A mark is flushed before anything is launched: it is not.',
    [
      LOCK_FILE,
      'writeSync(fd, text, 0, text.length, 0)\n  fsyncSync(fd)',
      'writeSync(fd, text, 0, text.length, 0)',
    ],
    ['test-concurrency/crashes.test.ts', 'R-LCK-16 before the wrapper is launched'],
  ),
  mutant(
    'folders-are-flushed',
    'A file that is put in its place is flushed with its folder: without.',
    ['src/store/durable.ts', 'throw error\n  }\n  syncFolder(dirname(path))', 'throw error\n  }'],
    ['test-concurrency/crashes.test.ts', 'R-LCK-16 before the wrapper is launched'],
  ),
  mutant(
    'marks-after-teardown',
    'Marks and entry go after the teardown: before the first stage.',
    [
      'src/run/main.ts',
      'await conduct({\n',
      'release(state, run.id, request.names, held, { ...record.journal, teardown: { verified: true, ended: 0, tookMs: 0, left: [] } })\n  await conduct({\n',
    ],
    ['test-concurrency/kills.test.ts', 'case 33: of all of them'],
  ),
  mutant(
    'marks-need-verified',
    'Marks and entry go only after a verified teardown: after any.',
    ['src/lock/release.ts', 'if (isVerified(journal)) clearMarks', 'clearMarks'],
    ['test-concurrency/teardown.test.ts', 'case 28: it hangs'],
  ),
  mutant(
    'failed-launch-is-undone',
    'A run that could not be launched is concluded, and its names are clean: it stays as it is.',
    [START_RUN, 'if (!hasBegun) undo(start, messageOf(error))', ''],
    ['test/lock/startRun.test.ts', 'a run whose wrapper cannot be launched'],
  ),
]
