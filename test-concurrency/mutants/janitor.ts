import { type Mutant, mutant } from './mutant.ts'

const SET_ASIDE = 'src/lock/setAside.ts'
const TREE = 'src/store/folderTree.ts'
const RETENTION_TEST = 'test/janitor/retention.test.ts'
const LEAKS_TEST = 'test/lock/leaks.test.ts'

/** What a sweep prunes, and what it only reports. */
export const JANITOR: readonly Mutant[] = [
  mutant(
    'pruned-under-run-lock',
    'A folder goes only under its run’s lock: nobody asks for it.',
    [SET_ASIDE, 'fd !== null && !tryFlock(fd)', 'false'],
    [RETENTION_TEST, 'of a run that somebody conducts'],
  ),
  mutant(
    'open-runs-are-kept',
    'The folder of an open run is kept: it goes.',
    [SET_ASIDE, "if (openRun(paths, run.id) !== null) return 'the run is not cleaned yet'", ''],
    [RETENTION_TEST, 'of a run that is open: it is kept'],
  ),
  mutant(
    'marked-runs-are-kept',
    'The folder of a run whose mark stands at a name is kept: it goes.',
    [SET_ASIDE, 'if (marked !== undefined) return', 'if (false) return'],
    [RETENTION_TEST, 'of a run that marks a name still'],
  ),
  mutant(
    'untold-runs-are-kept',
    'The folder of a run whose end nobody has noted is kept: it goes.',
    [SET_ASIDE, "return 'the service has not taken note of its end'", 'return null'],
    [RETENTION_TEST, 'whose end the service has not taken note of'],
  ),
  mutant(
    'no-link-is-followed',
    'A removal follows no link: it does.',
    [TREE, 'O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW', 'O_PATH | constants.O_DIRECTORY'],
    ['test/store/folderTree.test.ts', 'a folder that becomes a link between'],
  ),
  mutant(
    'mirrors-in-use-are-kept',
    'A mirror that a run begins to use just then is put back: it goes.',
    [
      'src/process/pruneMirrors.ts',
      'if (anyway || unused(pruning, `${ASIDE}${entry}`) !== null) return true',
      'return true',
    ],
    ['test/process/pruneMirrors.test.ts', 'so does one that a run begins to use just then'],
  ),
  mutant(
    'recoveries-are-no-leaks',
    'A lock is held since its last process began: since its mark.',
    ['src/lock/leaks.ts', 'lastProcess?.boot === bootId() ?', 'false && lastProcess ?'],
    [LEAKS_TEST, 'is none while the run may take its time'],
  ),
  mutant(
    'holders-without-first-thread',
    'A process whose first thread has ended is a holder: it is not seen.',
    ['src/process/procfs.ts', 'return own.length > 0 ? own : threadsOf(pid).flatMap(filesOf)', 'return own'],
    [LEAKS_TEST, 'a process whose first thread has ended'],
  ),
]
