import { type Mutant, mutant, pair } from './mutant.ts'

const NEXT = 'src/model/nextStep.ts'
const MAIN = 'src/run/main.ts'
const WRAPPER = 'scripts/run-wrapper'
const STOP = 'src/run/stop.ts'
const CONDUCT_TEST = 'test/run/conduct.test.ts'
const SIGNALS_TEST = 'test-concurrency/signals.test.ts'
const WARM_TEST = 'test-concurrency/warm.test.ts'
const KILLS_TEST = 'test-concurrency/kills.test.ts'

/** What comes next, and in which process. */
export const LIFE: readonly Mutant[] = [
  mutant(
    'never-forward-twice',
    'A second process tears down and concludes: it goes on.',
    [NEXT, 'journal.processes > 1 ||', ''],
    [CONDUCT_TEST, 'the second process goes nowhere but to the end'],
  ),
  pair(
    'stop-tears-down',
    'A stop that was asked for is followed by teardown, and looked at again before each stage: neither.',
    [
      [NEXT, 'journal.stop !== null ||', ''],
      ['src/run/conduct.ts', 'if (mustStopFirst(world)) return\n', ''],
    ],
    [CONDUCT_TEST, 'before its first stage it deploys nothing'],
  ),
  mutant(
    'red-tears-down',
    'A red stage is followed by teardown: by the next stage.',
    [NEXT, 'journal.stages.some(isNotGreen)\n', 'false\n'],
    [CONDUCT_TEST, 'a red stage ends the work, never the teardown'],
  ),
  mutant(
    'green-tears-down',
    'The last green stage is followed by teardown: by nothing but the conclusion.',
    [NEXT, ": { kind: 'teardown' }\n}", ": { kind: 'conclude' }\n}"],
    [CONDUCT_TEST, 'each effect comes after the line that announces it'],
  ),
  mutant(
    'conclude-unverified',
    'A teardown that is not verified is followed by the conclusion: by nothing.',
    [NEXT, 'if (journal.teardown !== null) return', 'if (journal.teardown?.verified === true) return'],
    [CONDUCT_TEST, 'a teardown that is not verified stands beside the result'],
  ),
  mutant(
    'cleaned-later',
    'A concluded run that is not clean is cleaned by the next process: it is left.',
    [NEXT, 'return journal.freshProcess && !isVerified(journal)', 'return false'],
    [CONDUCT_TEST, 'an uncleaned run is cleaned by the next process'],
  ),
  mutant(
    'line-before-stage',
    'A stage’s line is on disk before the stage begins: after it has ended.',
    [
      'src/run/conduct.ts',
      "record.append({ event: 'stage.started', ...begunWith(stage), containment })\n  const end = await driver.runStage(stage, containment, stop.signal)",
      "const end = await driver.runStage(stage, containment, stop.signal)\n  record.append({ event: 'stage.started', ...begunWith(stage), containment })",
    ],
    [CONDUCT_TEST, 'each effect comes after the line that announces it'],
  ),
  mutant(
    'line-before-teardown',
    'A teardown’s line is written before the teardown begins: after it has ended.',
    [
      'src/run/conduct.ts',
      "record.note({ event: 'teardown.started', containment })\n  const report = await driver.tearDown(record.journal, containment, lostLock() !== null)",
      "const report = await driver.tearDown(record.journal, containment, lostLock() !== null)\n  record.note({ event: 'teardown.started', containment })",
    ],
    [CONDUCT_TEST, 'each effect comes after the line that announces it'],
  ),
  mutant(
    'own-session',
    'A run has a session of its own: its starter’s.',
    ['src/process/launch.ts', 'detached: true', 'detached: false'],
    ['test/lock/startRun.test.ts', 'and it has a session of its own'],
  ),
  mutant(
    'parent-death',
    'A run process hears of its wrapper’s death: it does not.',
    [WRAPPER, 'setpriv --pdeathsig TERM', 'setpriv --pdeathsig clear'],
    ['test-concurrency/service/deaths.test.ts', 'wrapper dies: the run process tears down in order'],
  ),
  mutant(
    'parent-compared',
    'It compares its parent with the one that it was told: it does not.',
    [MAIN, 'if (process.ppid !== orders.wrapper) stop.request', 'if (false) stop.request'],
    [KILLS_TEST, 'case 31: of the wrapper before the run process has its death signal'],
  ),
  mutant(
    'stage-dies-with-run',
    'A stage is killed when its run process dies: it lives on.',
    ['src/drivers/process.ts', "'--pdeathsig', 'KILL'", "'--pdeathsig', 'clear'"],
    [KILLS_TEST, 'case 33: of all of them'],
  ),
]

/** What ends a run early, and what passes it on. */
export const STOPS: readonly Mutant[] = [
  pair(
    'stop-is-read',
    'stop.json is read at start, and again before each stage: neither.',
    [
      [MAIN, 'stop.look()\n', ''],
      ['src/run/conduct.ts', 'stop.look()\n', ''],
    ],
    [SIGNALS_TEST, 'case 27a: asked for while the run process starts'],
  ),
  mutant(
    'stop-is-durable',
    'A stop is durable first: it is not written down.',
    [STOP, 'return this.#file.note(stop) ? stop : (this.#file.read() ?? stop)', 'return stop'],
    [SIGNALS_TEST, 'case 25: before the run process has its handlers'],
  ),
  mutant(
    'first-reason',
    'The first reason wins: the last one does.',
    [
      'src/store/durable.ts',
      'linkSync(temporary, path)\n',
      'removeIfThere(path)\n    linkSync(temporary, path)\n',
    ],
    [SIGNALS_TEST, 'during the teardown of a run that was told to stop'],
  ),
  mutant(
    'deadline-is-cleared',
    'Entering teardown clears the deadline: it runs on.',
    [STOP, 'this.#tearing = true\n    this.disarmDeadline()', 'this.#tearing = true'],
    ['test-concurrency/teardown.test.ts', 'case 27: the deadline during TERM’s teardown'],
  ),
  pair(
    'own-signal',
    'Teardown never sees the run’s cancelled signal: it does.',
    [
      [STOP, '= new AbortController()', '= ((globalThis as any).controller = new AbortController())'],
      [
        'src/drivers/process.ts',
        'command, part, NEVER)',
        'command, part, (globalThis as any).controller.signal)',
      ],
    ],
    [SIGNALS_TEST, 'case 25: inside its `wait`, with a stage at work'],
  ),
  pair(
    'tearing-is-one-way',
    'Once teardown has begun a signal changes nothing: it ends it. (Teardown hears no signal, and nobody sends one.)',
    [
      [STOP, 'this.#tearing = true\n', ''],
      [STOP, '= new AbortController()', '= ((globalThis as any).controller = new AbortController())'],
      [
        'src/drivers/process.ts',
        'command, part, NEVER)',
        'command, part, (globalThis as any).controller.signal)',
      ],
    ],
    [SIGNALS_TEST, 'during the teardown of a green run'],
  ),
  mutant(
    'early-signals',
    'A signal that comes before there is anything to stop is kept: it is lost.',
    ['src/run/signals.ts', 'for (const signal of early.splice(0)) hear(signal)', ''],
    ['test/run/signals.test.ts', 'a signal that came before anybody listened'],
  ),
  mutant(
    'wrapper-traps',
    'The wrapper outlives a TERM: it ends.',
    [WRAPPER, "trap 'pass_on TERM' TERM", ''],
    [SIGNALS_TEST, 'case 25: inside its `wait`, with a stage at work'],
  ),
  mutant(
    'wrapper-forwards',
    'The wrapper passes a signal on to its child: it keeps it.',
    [WRAPPER, '[ -z "$child" ] || kill -s "$1" "$child" 2>/dev/null', ':'],
    [SIGNALS_TEST, 'case 25: inside its `wait`, with a stage at work'],
  ),
  mutant(
    'wrapper-waits',
    'The wrapper waits until its child is really gone: until the first signal.',
    [WRAPPER, '[ -n "$heard" ] || break', 'break'],
    [SIGNALS_TEST, 'during the teardown of a run that was told to stop'],
  ),
  mutant(
    'wrapper-writes-signals',
    'The wrapper writes a signal down for a child that takes it with handlers not its own: it does not.',
    [WRAPPER, '{ echo "$1" >>"$folder/signals"; } 2>/dev/null', ':'],
    [SIGNALS_TEST, 'case 25: while its child is between fork and exec'],
  ),
  pair(
    'wrapper-signals-late-child',
    'A signal between the fork and the child’s pid reaches the child: neither by the wrapper nor by what is written down.',
    [
      [WRAPPER, '[ "$signal" = "$told" ] || kill -s "$signal" "$child" 2>/dev/null', ':'],
      [WRAPPER, '{ echo "$1" >>"$folder/signals"; } 2>/dev/null', ':'],
    ],
    [SIGNALS_TEST, 'case 25: at every system call from its first trap to its `wait`'],
  ),
  mutant(
    'wrapper-restarts',
    'A run process that dies is started again: the wrapper ends.',
    [WRAPPER, '[ "$attempt" -eq 4 ]', '[ "$attempt" -eq 1 ]'],
    [KILLS_TEST, 'case 32: of the second process while it tears down'],
  ),
  mutant(
    'caller-gone',
    'The end of the control pipe stops a foreground run: it is not heard.',
    [MAIN, 'if (request.foreground) control.onEnd', 'if (false) control.onEnd'],
    [SIGNALS_TEST, 'case 27a: the caller of a foreground run is SIGKILLed in the middle of a stage'],
  ),
  mutant(
    'warm-go',
    'A warm process waits for a complete `go`: the end of the pipe is enough.',
    [
      MAIN,
      'if (orders.warm && !(await isTold(control, run))) return EXIT.busy',
      'if (orders.warm) await isTold(control, run)',
    ],
    [WARM_TEST, 'case 12a: the starter is SIGKILLed when it has marked'],
  ),
  mutant(
    'warm-ends',
    'Warm processes of a run that may not have its names end: they stay, with what was locked.',
    ['src/lock/claimWarm.ts', 'if (claimed === null) await warm.end()', ''],
    [WARM_TEST, 'case 4: one of two names is free and the other is not'],
  ),
  mutant(
    'warm-compare',
    'Files that were opened ahead are compared after locking: they are not.',
    ['src/lock/openedNames.ts', 'if (!isStillAt(fd, lockPath(paths, name))) return null', ''],
    ['test/lock/claimWarm.test.ts', 'a lock file that was replaced since it was opened'],
  ),
  mutant(
    'before-first-line',
    'A process that is started again before the first line goes nowhere: it goes forward.',
    [MAIN, 'if (orders.control === null && record.journal.processes === 1)', 'if (false)'],
    [KILLS_TEST, 'case 29: of the run process before its first line is written'],
  ),
]
