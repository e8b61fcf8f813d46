import { type Mutant, mutant, pair } from './mutant.ts'

const CONTAINMENT = 'src/process/containment.ts'
const CGROUP = 'src/process/cgroup.ts'
const DRIVER = 'src/drivers/process.ts'
const CONTAINMENT_TEST = 'test/process/containment.test.ts'
const NAMESPACE = 'src/process/pidNamespace.ts'
const NAMESPACE_TEST = 'test/process/pidNamespace.test.ts'
const TREES_TEST = 'test-concurrency/trees.test.ts'
const PROOF_TEST = 'test-concurrency/proof.test.ts'

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
    ['src/drivers/environment.ts', '...request.env,\n', '...process.env, ...request.env,\n'],
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
