import { type Mutant, mutant, pair } from './mutant.ts'

const CONTAINMENT = 'src/process/containment.ts'
const CGROUP = 'src/process/cgroup.ts'
const DRIVER = 'src/drivers/process.ts'
const JOURNAL_FILE = 'src/store/journalFile.ts'
const RUN_RECORD = 'src/store/runRecord.ts'
const FROM_RESERVE = 'while (giveUp(run.reserve)) if (tried(() => append(body))) return'
const CONTAINMENT_TEST = 'test/process/containment.test.ts'
const NAMESPACE = 'src/process/pidNamespace.ts'
const NAMESPACE_TEST = 'test/process/pidNamespace.test.ts'
const TREES_TEST = 'test-concurrency/trees.test.ts'
const PROOF_TEST = 'test-concurrency/proof.test.ts'
const CRASHES_TEST = 'test-concurrency/crashes.test.ts'
const TEARDOWN_TEST = 'test-concurrency/teardown.test.ts'

/** Nothing lives on. */
export const TREES: readonly Mutant[] = [
  mutant(
    'term-first',
    'A tree is asked by TERM before it is killed: it is killed.',
    [CONTAINMENT, "for (const signal of ['SIGTERM', 'SIGCONT'] as const) signalPid(pid, signal)", ''],
    [CONTAINMENT_TEST, 'the last word of a teardown finds what carries the run’s mark'],
  ),
  mutant(
    'cont',
    'A stopped process is let go on to hear TERM: it stays stopped.',
    [CONTAINMENT, "['SIGTERM', 'SIGCONT']", "['SIGTERM']"],
    [CONTAINMENT_TEST, 'what is stopped hears TERM'],
  ),
  mutant(
    'cont-git',
    'The same of the checkout’s git: it stays stopped.',
    ['src/process/git.ts', "child.kill('SIGCONT')\n", ''],
    ['test-concurrency/checkout.test.ts', 'whose git somebody has stopped for good: a cancel ends it'],
  ),
  mutant(
    'kill-after-term',
    'What ignores TERM is killed: it is stopped for good.',
    ['src/process/sweep.ts', "['SIGSTOP', 'SIGKILL']", "['SIGSTOP']"],
    [CONTAINMENT_TEST, 'what ignores the last word’s TERM is killed'],
  ),
  mutant(
    'cgroup-is-killed',
    'The same in a cgroup: nobody writes to cgroup.kill.',
    [CGROUP, 'killAll(path)\n', ''],
    [
      TREES_TEST,
      'cancelled in the stage that made it, what the level promises is dead (`cgroup`, stages as root)',
    ],
  ),
  mutant(
    'cgroup-is-removed',
    'A cgroup is empty and removed, so that nothing joins late: it stays.',
    [
      CGROUP,
      'if (!isPopulated(path) && removeTree(path).length === 0) return',
      'if (!isPopulated(path)) return',
    ],
    [TREES_TEST, 'case 37a: a child that asks for its stage’s cgroup again'],
  ),
  pair(
    'shown-or-left',
    'What the kernel has not shown to be empty is left: whatever was killed counts as gone.',
    [
      [CGROUP, 'return { killed, ...UNSHOWN }', 'return { killed, ...shownBy(path) }'],
      [CONTAINMENT, 'const isQuiet = isShown && killed.size === 0', 'const isQuiet = isShown'],
    ],
    [PROOF_TEST, 'of a cancel that cannot be verified'],
  ),
  mutant(
    'something-shows-it',
    'A teardown is verified when something shows that all are gone: when nothing is known to be left.',
    [
      DRIVER,
      'return isProved(ending) || ending.left.length > 0',
      'return isProved(ending) || ending.asked === 0',
    ],
    ['test/drivers/process.test.ts', 'is not verified where nothing shows that the processes are gone'],
  ),
  mutant(
    'words-of-a-proof',
    'What is not proved is not claimed: whoever was killed is said to be gone.',
    [
      'src/model/ending.ts',
      'if (!isProved(ending)) return',
      'if (!isProved(ending) && ending.killed === 0) return',
    ],
    ['test/model/ending.test.ts', 'what is not shown is not claimed'],
  ),
  mutant(
    'absent-proves-nothing',
    'A cgroup that is not there proves something only where cgroups are: anywhere.',
    [
      CGROUP,
      "const isKnown = existsSync(join(dirname(dirname(path)), 'cgroup.procs'))",
      'const isKnown = true',
    ],
    ['test/process/cgroup.test.ts', 'one that is not there proves nothing'],
  ),
  mutant(
    'killed-are-counted',
    'Whoever did not obey within the grace is counted as killed: those who were asked are.',
    [CONTAINMENT, 'killed: new Set(ends.flatMap(({ killed }) => [...killed])),', 'killed: asked,'],
    [PROOF_TEST, 'of a stage that has run out of its time'],
  ),
  mutant(
    'released-is-seen',
    'Locks are called released when no process of the run has them: when the marks are cleared.',
    ['src/lock/look.ts', 'look.run === run || own.includes(pid)', 'look.run === run'],
    ['test/lock/look.test.ts', 'its run process has cleared the mark, and lives'],
  ),
  mutant(
    'namespace-is-killed',
    'A PID namespace ends with its first process: that is left alone.',
    [NAMESPACE, "signalIdentity(part, 'SIGKILL')", "signalIdentity(part, 'SIGCONT')"],
    [NAMESPACE_TEST, 'whoever recovers the run ends it from what the journal says'],
  ),
  mutant(
    'launcher-is-not-asked',
    'Who has brought a stage into its namespace is not asked to end, so that the stage has its grace: it is.',
    [NAMESPACE, 'inside.has(pid) || !launches(pid, inside)', 'inside.has(pid) || launches(pid, inside)'],
    [NAMESPACE_TEST, 'a stage hears TERM, has its grace'],
  ),
  mutant(
    'late-stage-is-a-fault',
    'Who could not enter a namespace that was ended has not run: its exit code counts as the stage’s.',
    ['src/process/joining.ts', 'exitCode !== 0 && !hasSaid()', 'exitCode !== 0 && hasSaid()'],
    [NAMESPACE_TEST, 'nobody enters one that was ended'],
  ),
  mutant(
    'subreaper',
    'Orphans come to the run process: to process 1.',
    ['src/run/main.ts', 'becomeSubreaper()\n', ''],
    [TREES_TEST, 'torn down after green stages, what the level promises is dead (`sweep`)'],
  ),
  mutant(
    'marks-are-swept',
    'What carries the run’s mark is the run’s: it is nobody’s.',
    ['src/process/sweep.ts', 'environment.includes(`BERTH_RUN_ID=${run}`) &&', 'false &&'],
    [CONTAINMENT_TEST, 'the last word of a teardown finds what carries the run’s mark'],
  ),
  mutant(
    'stage-environment',
    'A stage’s environment is constructed: it inherits.',
    [DRIVER, '...request.env,\n', '...process.env, ...request.env,\n'],
    ['test/drivers/process.test.ts', 'R-RUN-18 has an environment of its own'],
  ),
  mutant(
    'run-environment',
    'So is the wrapper’s: it inherits.',
    [
      'src/process/launch.ts',
      "return {\n    PATH: process.env['PATH']",
      "return {\n    ...process.env, PATH: process.env['PATH']",
    ],
    ['test/lock/startRun.test.ts', 'nothing of the surroundings of its starter reaches a run'],
  ),
]

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
    ['src/process/ceiling.ts', "if (!dryRun) signalIdentity(lastProcess, 'SIGKILL')", ''],
    ['test-concurrency/signals.test.ts', 'is ended by a janitor, and its wrapper tears down'],
  ),
  mutant(
    'ceiling-spares-wrapper',
    'Past the ceiling the run process is killed, never the wrapper: the wrapper is.',
    [
      'src/process/ceiling.ts',
      "signalIdentity(lastProcess, 'SIGKILL')",
      "process.kill(lastProcess.wrapper, 'SIGKILL')",
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
