import { type Mutant, mutant, pair } from './mutant.ts'

const CONTAINMENT = 'src/process/containment.ts'
const DRIVER = 'src/drivers/process.ts'
const JOURNAL_FILE = 'src/store/journalFile.ts'
const RUN_RECORD = 'src/store/runRecord.ts'
const FROM_RESERVE = 'while (giveUpPiece(run.reserve)) if (tried(() => append(body))) return'
const CONTAINMENT_TEST = 'test/process/containment.test.ts'
const CRASHES_TEST = 'test-concurrency/crashes.test.ts'
const TEARDOWN_TEST = 'test-concurrency/teardown.test.ts'

/** How long anything may take. */
export const BUDGETS: readonly Mutant[] = [
  mutant(
    'teardown-budget',
    'Teardown has a budget of its own: it has no end.',
    [
      DRIVER,
      'const timeoutMs = Math.min(teardown.timeoutMs, budgets.teardownMs)',
      'const timeoutMs = 2 ** 30',
    ],
    [TEARDOWN_TEST, 'case 28: it hangs'],
  ),
  mutant(
    'stage-timeout',
    'A stage ends at its own timeout: it has none.',
    [DRIVER, "resolve('timeout'), command.timeoutMs)", "resolve('timeout'), 2 ** 30)"],
    ['test/drivers/process.test.ts', 'is ended at its timeout all the same'],
  ),
  mutant(
    'stage-deadline',
    'A run that is past its deadline is ended: it goes on.',
    [
      'src/run/stop.ts',
      "this.#deadline = setTimeout(() => this.request('deadline', 'the run budget'), ms)",
      'void ms',
    ],
    ['test-concurrency/outcomes.test.ts', 'case 37: the deadline: 124'],
  ),
  mutant(
    'uninterruptible',
    'A stage that may not be interrupted goes on when the run is stopped: it is ended.',
    [DRIVER, 'if (command.uninterruptible) return\n', ''],
    ['test/drivers/process.test.ts', 'that may not be interrupted goes on to its end'],
  ),
  mutant(
    'uninterruptible-timeout',
    'It ends at its own timeout all the same: it has none.',
    [
      DRIVER,
      'const timer = setTimeout(',
      "if (command.uninterruptible) return void exit.then(() => resolve('exit'))\n    const timer = setTimeout(",
    ],
    ['test/drivers/process.test.ts', 'that may not be interrupted goes on to its end'],
  ),
  mutant(
    'ceiling-sum',
    'The ceiling has room for the longest stage that may not be interrupted: it has not.',
    ['src/model/budgets.ts', 'recipe.deadlineMs + longestMs + teardownMs', 'recipe.deadlineMs + teardownMs'],
    ['test/recipes/load.test.ts', 'the ceiling is deadline, longest uninterruptible stage'],
  ),
  mutant(
    'kill-grace',
    'What was asked to end is given its grace: it is killed at once.',
    [CONTAINMENT, 'if (asked.size > 0) await emptied(() => membersOf(parts, whose), graceMs)', ''],
    [CONTAINMENT_TEST, 'what is stopped hears TERM'],
  ),
  mutant(
    'ceiling',
    'A run process that is past its ceiling is ended: it is left.',
    ['src/process/ceiling.ts', "if (!dryRun) signalIdentity(identity, 'SIGKILL')", ''],
    ['test-concurrency/signals.test.ts', 'is ended by a janitor, and its wrapper tears down'],
  ),
  mutant(
    'ceiling-spares-wrapper',
    'Past the ceiling the run process is killed, never the wrapper: the wrapper is.',
    [
      'src/process/ceiling.ts',
      "signalIdentity(identity, 'SIGKILL')",
      "process.kill(statOf(identity.pid)?.parent ?? 0, 'SIGKILL')",
    ],
    ['test-concurrency/signals.test.ts', 'is ended by a janitor, and its wrapper tears down'],
  ),
  mutant(
    'identity-start-time',
    'A process is its pid, start time and boot: a pid that is used again is taken for it.',
    ['src/process/procfs.ts', 'stat.startTime === identity.startTime && identity.boot', 'identity.boot'],
    ['test/process/procfs.test.ts', 'a pid that another process has by now'],
  ),
  mutant(
    'identity-boot',
    'The same after a reboot.',
    ['src/process/procfs.ts', ' && identity.boot === bootId()\n}', '\n}'],
    ['test/process/procfs.test.ts', 'a process of another boot'],
  ),
]

/** What is on disk, and when. */
export const RECORDS: readonly Mutant[] = [
  mutant(
    'journal-is-flushed',
    'A line is on disk before the effect that it announces: it is not flushed.',
    [JOURNAL_FILE, 'fdatasyncSync(fd)\n', ''],
    ['test-concurrency/kills.test.ts', 'case 29: of the run process'],
  ),
  mutant(
    'torn-line-is-cut',
    'A torn last line is cut before the first append: it stays.',
    [JOURNAL_FILE, 'if (readable.length < size) ftruncateSync(fd, readable.length)', ''],
    ['test/store/journalFile.test.ts', 'a last line torn after'],
  ),
  mutant(
    'torn-line-is-none',
    'A torn last line is no entry: it is read.',
    [
      'src/model/readJournal.ts',
      "text.slice(0, text.lastIndexOf('\\n') + 1).split('\\n')",
      "text.split('\\n')",
    ],
    ['test/store/journalFile.test.ts', 'a last line torn after'],
  ),
  mutant(
    'written-whole',
    'A file that is written once is there as a whole or not at all: its beginning is.',
    [
      'src/store/durable.ts',
      'writeSynced(temporary, content)\n    linkSync(temporary, path)',
      'writeSynced(path, content)\n    return true',
    ],
    ['test/store/durable.test.ts', 'what cannot be written whole is not there at all'],
  ),
  mutant(
    'replaced-whole',
    'A file that is replaced holds the old or the new content: a part of the new.',
    [
      'src/store/durable.ts',
      'writeSynced(temporary, content)\n    renameSync(temporary, path)',
      'writeSynced(path, content)',
    ],
    ['test/store/durable.test.ts', 'what cannot be written whole is not there at all'],
  ),
  mutant(
    'one-result',
    'A result is written once: a second one replaces it.',
    [
      'src/store/durable.ts',
      'linkSync(temporary, path)\n',
      'removeIfThere(path)\n    linkSync(temporary, path)\n',
    ],
    ['test/store/durable.test.ts', 'what was written first stands'],
  ),
  mutant(
    'compare-and-swap',
    'A run’s state is changed only from the one that was seen: from any.',
    ['src/store/runChanges.ts', 'AND state = :from`', 'AND :from IS NOT NULL`'],
    ['test/store/sqlite.test.ts', 'of two processes that claim one run, one wins'],
  ),
  mutant(
    'change-with-report',
    'A conclusion and its row in the outbox are one transaction: two.',
    [
      'src/store/runChanges.ts',
      'return database.write(() => change(id, from, wish, news))',
      'const changed = database.write(() => change(id, from, wish, [])); database.write(() => reports.add(news)); return changed',
    ],
    ['test/store/sqlite.test.ts', 'a change and its report are written together or not at all'],
  ),
  mutant(
    'result-before-marks',
    'The result is there before the marks are cleared: after that.',
    [
      'src/run/main.ts',
      'writeResult(run, request, record.journal)\n',
      'release(state, run.id, request.names, held, record.journal)\n  writeResult(run, request, record.journal)\n',
    ],
    [CRASHES_TEST, 'at the end of a run there are, flushed and in this order'],
  ),
  mutant(
    'clearing-is-flushed',
    'A cleared mark is flushed before the entry goes: it is not.',
    [
      'src/lock/lockFile.ts',
      'export function clearMark(fd: number): void {\n  ftruncateSync(fd, 0)\n  fsyncSync(fd)',
      'export function clearMark(fd: number): void {\n  ftruncateSync(fd, 0)',
    ],
    [CRASHES_TEST, 'at the end of a run there are, flushed and in this order'],
  ),
  mutant(
    'entry-goes-last',
    'The entry goes after the marks: before them.',
    [
      'src/lock/release.ts',
      'held.names.forEach((name, index) => {',
      'removeOpenRun(paths, run)\n  held.names.forEach((name, index) => {',
    ],
    [CRASHES_TEST, 'at the end of a run there are, flushed and in this order'],
  ),
  mutant(
    'release-needs-lines',
    'Marks go only when every line of the end is on disk: one that is in memory counts, too.',
    ['src/run/main.ts', 'if (!record.complete) return EXIT.harness\n', ''],
    ['test-concurrency/faults.test.ts', 'the journal of a live run answers EROFS'],
  ),
  mutant(
    'reserve',
    'On a full disk the lines of teardown are written from the run’s reserve: they are not.',
    [RUN_RECORD, FROM_RESERVE, ''],
    ['test-concurrency/faults.test.ts', 'a stage fills the disk'],
  ),
  pair(
    'teardown-without-lines',
    'Teardown comes even if its line cannot be written: the reserve is gone, and a line that cannot be written ends the process.',
    [
      [RUN_RECORD, FROM_RESERVE, ''],
      [RUN_RECORD, 'unwritten = [...unwritten, body]', 'append(body)'],
    ],
    ['test-concurrency/faults.test.ts', 'a stage fills the disk'],
  ),
]
