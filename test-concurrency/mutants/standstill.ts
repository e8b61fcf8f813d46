import { type Mutant, mutant, pair } from './mutant.ts'

const CEILING = 'src/process/ceiling.ts'
const ROLES = 'src/process/roles.ts'
const STANDSTILL = 'src/process/standstill.ts'
const LAUNCH = 'src/process/launch.ts'
const TEST = 'test-concurrency/standstill.test.ts'
const STOPPED_TEST = 'test-concurrency/stopped.test.ts'

/** Nothing that somebody has stopped keeps a name for ever. */
export const STANDSTILLS: readonly Mutant[] = [
  mutant(
    'ceiling-before-begun',
    'A run process has a ceiling before its first line, too: it has none.',
    [CEILING, 'return [...begun, ...unbegun].filter', 'return begun.filter'],
    [TEST, 'before its first line: nothing is deployed'],
  ),
  mutant(
    'ceiling-after-entry',
    'It has one when its entry is gone, too: only open runs are looked at.',
    [CEILING, ', ...seen.map(({ run }) => run)]', ']'],
    [TEST, 'after its entry in `open/` is gone'],
  ),
  mutant(
    'ceiling-of-warm',
    'A process that was started ahead is as old as its run: as it is itself.',
    [CEILING, 'Math.min(aliveMs(pid), Date.now() - statSync(run.request).mtimeMs)', 'aliveMs(pid)'],
    [TEST, 'its age counts from its run’s'],
  ),
  mutant(
    'ceiling-needs-lock',
    'Only who has a lock of the run is its run process: its words are enough.',
    [CEILING, '.filter(({ identity }) => holders.has(identity.pid))', ''],
    ['test/process/ceiling.test.ts', 'of a run whose locks it has not'],
  ),
  mutant(
    'ceiling-needs-folder',
    'The run must be one of this state folder: one of that name is enough.',
    [CEILING, 'ours.dev === theirs?.dev && ours.ino === theirs.ino', 'theirs !== undefined'],
    ['test/process/ceiling.test.ts', 'of a run of another state folder'],
  ),
  mutant(
    'wrapper-is-known',
    'A wrapper is no run process, also before that one’s first line: it is taken for one.',
    [ROLES, 'wrapper === undefined && stat.session === stat.pid', 'false'],
    [TEST, 'before its first line: nothing is deployed'],
  ),
  mutant(
    'fork-is-no-wrapper',
    'A wrapper’s child that has not called exec yet is a run process: it is a wrapper by its words.',
    [ROLES, 'wrapper === undefined && stat.session === stat.pid', 'wrapper === undefined'],
    [TEST, 'as the child of its wrapper between fork and exec'],
  ),
  mutant(
    'stopped-goes-on',
    'Who has a name for longer than is due and is stopped is let go on: it stays.',
    [STANDSTILL, "if (!dryRun) for (const pid of stopped) signalPid(pid, 'SIGCONT')", ''],
    [TEST, 'a wrapper: nobody ends it'],
  ),
  mutant(
    'dry-run-lets-nobody-go',
    'A dry run only says so: it does.',
    [STANDSTILL, 'if (!dryRun) for', 'for'],
    [TEST, 'a wrapper: nobody ends it'],
  ),
  mutant(
    'strangers-stay',
    'Who is not ours is left alone: it is let go on.',
    [STANDSTILL, '(pid === keeper || roleOf(stat) !== null)', 'true'],
    [TEST, 'who is not ours'],
  ),
  mutant(
    'expired-hold-goes-on',
    'So is who keeps a hold past its time: it stays.',
    [STANDSTILL, 'pid === keeper ||', ''],
    [TEST, 'a hold past its time'],
  ),
  pair(
    'warm-goes-on',
    'Warm processes that are to end are let go on, or else killed: they stay.',
    [
      [LAUNCH, "signal('SIGCONT')", ''],
      [LAUNCH, "setTimeout(signal, MOST_ENDING_MS, 'SIGKILL')", 'setTimeout(signal, 2 ** 30, undefined)'],
    ],
    [STOPPED_TEST, 'warm processes of a run that gives its first name back'],
  ),
  mutant(
    'told-stays',
    'Processes that were told to go are not ended any more: they are.',
    [LAUNCH, 'pipe.isTold ? launched.ended : insistOnEnd(launched)', 'insistOnEnd(launched)'],
    [STOPPED_TEST, 'but processes that were told to go'],
  ),
  mutant(
    'cancel-goes-on',
    'A run process that is stopped is let go on to hear of a cancel: it stays.',
    ['src/process/stopRun.ts', "['SIGTERM', 'SIGCONT'] as const", "['SIGTERM'] as const"],
    ['test-concurrency/signals.test.ts', 'while the run process is stopped (SIGSTOP)'],
  ),
  mutant(
    'release-goes-on',
    'So is a hold that is to end: it stays.',
    ['src/lock/holds.ts', "['SIGTERM', 'SIGCONT'] as const", "['SIGTERM'] as const"],
    [STOPPED_TEST, 'a hold by hand'],
  ),
]
