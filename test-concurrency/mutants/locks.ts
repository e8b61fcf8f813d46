import { type Mutant, mutant, pair } from './mutant.ts'

const LOCK_FILE = 'src/lock/lockFile.ts'
const IDLE = 'src/lock/idle.ts'
const NAME_LOCKS = 'src/lock/nameLocks.ts'
const START_RUN = 'src/lock/startRun.ts'
const TICKETS = 'src/lock/tickets.ts'
const CLAIM = 'src/lock/claim.ts'

const UNLINK_TEST = 'test-concurrency/unlink.test.ts'
const DESCRIPTORS_TEST = 'test-concurrency/descriptors.test.ts'
const NAMES_TEST = 'test/lock/names.test.ts'
const TURNS_TEST = 'test-concurrency/turns.test.ts'

/** One descriptor, one inode, one holder. */
export const LOCKS: readonly Mutant[] = [
  mutant(
    'compare-after-lock',
    'Who has locked compares descriptor and path: it does not.',
    [LOCK_FILE, 'if (isStillAt(fd, path)) return fd', 'return fd'],
    [UNLINK_TEST, 'case 14: an acquirer between open and flock'],
  ),
  mutant(
    'compare-late',
    'The comparison comes after the lock: it comes before.',
    [
      LOCK_FILE,
      'if (!tryFlock(fd)) return closed(fd)\n      if (isStillAt(fd, path)) return fd',
      'const still = isStillAt(fd, path)\n      if (!tryFlock(fd)) return closed(fd)\n      if (still) return fd',
    ],
    [UNLINK_TEST, 'case 14: an acquirer between open and flock'],
  ),
  mutant(
    'janitor-compares',
    'The janitor compares, too: it does not.',
    [
      LOCK_FILE,
      'if (isStillAt(fd, path)) return fd',
      "if (process.argv.includes('janitor') || isStillAt(fd, path)) return fd",
    ],
    [UNLINK_TEST, 'case 16: a janitor between open and flock'],
  ),
  mutant(
    'unlink-then-close',
    'A lock file is unlinked before its descriptor is closed: after it.',
    [
      IDLE,
      'unlinkSync(lockPath(paths, name))\n    return true\n  } finally {\n    letGo(held)\n  }',
      '} finally {\n    letGo(held)\n  }\n  unlinkSync(lockPath(paths, name))\n  return true',
    ],
    [UNLINK_TEST, 'case 17: a waiter that comes between a janitor’s look and its unlink'],
  ),
  mutant(
    'one-acquisition',
    'What a look finds is acted on under that same acquisition: the lock is given up and taken again between them.',
    [
      CLAIM,
      "if (settled.kind === 'clean') return { ...held, recovered: settled.recovered }",
      "if (settled.kind === 'clean') { letGo(held); await new Promise((go) => setTimeout(go, 100)); return { ...tryAcquire(paths, names), recovered: settled.recovered } as Claim }",
    ],
    ['test-concurrency/exclusion.test.ts', 'a name that a run has found free is its own from that look on'],
  ),
  mutant(
    'busy-is-busy',
    'A lock that somebody else has is not had: it is.',
    ['src/lock/syscalls.ts', 'if (errno === EAGAIN) return false', 'if (errno === EAGAIN) return true'],
    ['test-concurrency/exclusion.test.ts', 'case 7: `flock` of a shell and a run see each other'],
  ),
  mutant(
    'integers',
    'A lock’s descriptor is a bare integer: it is closed when its object is collected, as a FileHandle is.',
    [
      NAME_LOCKS,
      "return { kind: 'held', names, fds }",
      "const held = { kind: 'held' as const, names, fds }; const all = globalThis as any; (all.handles ??= new FinalizationRegistry(closeAll)).register(held, [...fds]); return held",
    ],
    [DESCRIPTORS_TEST, 'case 8: a lock whose object is collected'],
  ),
  mutant(
    'all-or-none',
    'Of several names all are taken or none: a loser keeps what it has.',
    [NAME_LOCKS, "closeAll(fds)\n        return { kind: 'busy', name }", "return { kind: 'busy', name }"],
    [NAMES_TEST, 'several are taken all or none'],
  ),
  mutant(
    'all-or-none-fault',
    'The same where a lock cannot be used.',
    [NAME_LOCKS, 'closeAll(fds)\n    throw error', 'throw error'],
    [NAMES_TEST, 'a directory in a lock file’s place is named, and nothing is held'],
  ),
  mutant(
    'marks-by-position',
    'A mark is written by position, never at the offset that all holders share: at the offset.',
    [LOCK_FILE, 'writeSync(fd, text, 0, text.length, 0)', 'writeSync(fd, text, 0, text.length)'],
    [NAMES_TEST, 'a mark is written by position'],
  ),
  pair(
    'looks-lock-nothing',
    'Looking takes no lock: it takes each for a moment.',
    [
      ['src/lock/look.ts', 'import { peekMark }', 'import { lockExclusively, peekMark }'],
      [
        'src/lock/look.ts',
        'const file = files[index] ?? null\n',
        "const file = files[index] ?? null; const fd = lockExclusively(lockPath(paths, name)); if (fd !== null) process.getBuiltinModule('node:fs').closeSync(fd)\n",
      ],
    ],
    ['test-concurrency/exclusion.test.ts', 'R-LCK-10 looking at the locks takes none'],
  ),
]

/** Who has copies of the descriptors, and until when. */
export const HANDED_OVER: readonly Mutant[] = [
  mutant(
    'starter-lets-go',
    'Who has launched a run closes its copies of the descriptors: it keeps them.',
    [START_RUN, '} finally {\n    letGo(held)\n  }', '} finally {\n  }'],
    [DESCRIPTORS_TEST, 'case 12: who launched a run keeps no copy'],
  ),
  mutant(
    'wrapper-holds',
    'The wrapper holds the locks, too: it closes them.',
    ['scripts/run-wrapper', 'child=$!\n', 'child=$!; exec 3>&-\n'],
    [DESCRIPTORS_TEST, 'case 12: who launched a run keeps no copy'],
  ),
  mutant(
    'run-process-holds',
    'The run process holds its locks until its teardown is verified: it closes one when teardown begins.',
    [
      'src/drivers/process.ts',
      'const startedAt = performance.now()',
      "const startedAt = performance.now(); process.getBuiltinModule('node:fs').closeSync(3)",
    ],
    ['test-concurrency/kills.test.ts', 'case 32: of the second process while it tears down'],
  ),
  mutant(
    'stages-hold-nothing',
    'A stage never has a lock’s descriptor: it has the first.',
    ['src/drivers/process.ts', 'output, output, ...more],', 'output, output, ...more, 3],'],
    [DESCRIPTORS_TEST, 'case 10: stage, setsid grandchild and double-forked daemon'],
  ),
  mutant(
    'close-on-exec',
    'What the caller has open does not reach the run: it does.',
    ['src/process/launch.ts', 'closeAllOnExec()', ''],
    [DESCRIPTORS_TEST, 'case 10: descriptors that the caller of `berth run` has open'],
  ),
  mutant(
    'descriptors-are-checked',
    'A run process whose descriptors are not its locks ends before its first line: it looks at none.',
    ['src/lock/inherited.ts', 'if (fault !== null)\n', 'if (false)\n'],
    [DESCRIPTORS_TEST, 'case 11: a run process whose lock is not at its descriptor'],
  ),
  mutant(
    'recovery-has-locks',
    'A recovery is given the locks under which the name was found dirty: none.',
    ['src/process/recovery.ts', 'run, names, fds, cloneToken', 'run, names: [], fds: [], cloneToken'],
    ['test-concurrency/janitor.test.ts', 'case 20a: the janitor dies in the middle of a recovery'],
  ),
  mutant(
    'folder-compared-again',
    'The lock files are compared again before each stage: they are not.',
    ['src/run/conduct.ts', 'if (lost !== null) stop.request', 'if (false) stop.request'],
    ['test-concurrency/faults.test.ts', 'case 24a: its lock file is removed'],
  ),
  mutant(
    'folder-compared-at-teardown',
    'A teardown whose lock is lost takes down only what is the run’s own: it takes down what stands there.',
    ['src/run/conduct.ts', 'containment, lostLock() !== null)', 'containment, false)'],
    ['test-concurrency/faults.test.ts', 'case 24a: its lock file is removed'],
  ),
]

/** Who waits, and who goes first. */
export const WAITING: readonly Mutant[] = [
  mutant(
    'oldest-first',
    'Only the oldest live ticket of a name tries: everybody does.',
    ['src/lock/waiting.ts', 'const isNext = isFirst(paths, ticket)', 'const isNext = true'],
    [TURNS_TEST, 'case 5: runs and holds are served in the order of their tickets'],
  ),
  mutant(
    'dead-tickets',
    'The ticket of a dead waiter stops nobody: it does.',
    [TICKETS, 'if (!tryFlock(fd)) return true', 'return true'],
    [NAMES_TEST, 'the ticket of a dead waiter stops nobody'],
  ),
  mutant(
    'tickets-are-locked',
    'A ticket that can be seen is locked: it is not.',
    [
      TICKETS,
      'return lockExclusively(path)',
      'return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)',
    ],
    [NAMES_TEST, 'the oldest is first on each of its names'],
  ),
  mutant(
    'janitor-sees-tickets',
    'A lock file that somebody waits for stays: it is unlinked.',
    [IDLE, 'hasWaiters(paths, name) ||', ''],
    [UNLINK_TEST, 'case 17: a name with a live ticket keeps its file'],
  ),
  mutant(
    'looks-come',
    'A free name that no event announced is met half a second later at most: looks come ever farther apart.',
    ['src/lock/waiting.ts', 'Math.min(pauseMs * 2, LONGEST_LOOK_AWAY_MS)', 'pauseMs * 4'],
    [TURNS_TEST, 'case 5: a name that its killed, foreign holder frees'],
  ),
  mutant(
    'cancelled-gives-back',
    'A waiter that is cancelled never acquires: it keeps what it gets.',
    ['src/lock/waiting.ts', "if (claimed.kind !== 'held' || !aborted) return claimed", 'return claimed'],
    ['test/lock/waiting.test.ts', 'a waiter that is cancelled while it recovers'],
  ),
  mutant(
    'release-by-hand-lets-go',
    'A release by hand gives the run’s own lock up: it stays with a process that lives on.',
    ['src/lock/releaseByHand.ts', 'file.close()', 'void file'],
    ['test/lock/claim.test.ts', 'a lasting process has declared clean'],
  ),
]
