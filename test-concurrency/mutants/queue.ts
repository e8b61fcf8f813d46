import { type Mutant, mutant, pair } from './mutant.ts'

const ORDER = 'src/model/claimOrder.ts'
const LINE = 'src/queue/line.ts'
const DISPATCHER = 'src/queue/dispatcher.ts'
const ATTEMPTS = 'src/queue/attempts.ts'
const SLOTS = 'src/queue/slots.ts'
const LOOP = 'src/queue/loop.ts'
const STARTING = 'src/queue/starting.ts'

const ORDER_TEST = 'test/model/claimOrder.test.ts'
const LINE_TEST = 'test/queue/line.test.ts'
const DISPATCHER_TEST = 'test/queue/dispatcher.test.ts'
const SIMULATE_TEST = 'test/scripts/simulate.test.ts'
const LONG_ATTEMPT = 'an attempt that takes long keeps no slot from the next one'
const STOPPED_MEANWHILE = 'a run that is asked to stop while it is being tried'

/** Who stands where in the queue. */
export const PLACES: readonly Mutant[] = [
  mutant(
    'claim-order-is-total',
    'Of two runs of one priority and one moment the smaller id comes first: neither does.',
    [ORDER, ' || compare(a.run.id, b.run.id)', ''],
    [ORDER_TEST, 'is total: whoever sorts'],
  ),
  mutant(
    'overdue-goes-first',
    'Who has been passed for an hour is passed by nobody more: by every higher priority.',
    [
      LINE,
      'if (isOverdue(place.run, nowMs)) this.#replace(place, { run: place.run, rank: OVERDUE })\n      else',
      '',
    ],
    [LINE_TEST, 'priorities have passed for an hour is passed by nobody more'],
  ),
  mutant(
    'shown-place-is-true',
    'The place that people are told is the one that the run has: they are told one without that.',
    [ORDER, 'isOverdue(run, nowMs) ? OVERDUE : run.priority', 'run.priority'],
    [ORDER_TEST, 'the place that people are told is the one that counts'],
  ),
  mutant(
    'head-of-all-names',
    'A run may start when it is the first for all of its names: for one of them.',
    [LINE, 'if (names.every((name) =>', 'if (names.some((name) =>'],
    [LINE_TEST, 'it is as if the whole queue was read anew'],
  ),
  mutant(
    'suppressed-is-in-no-way',
    'Who keeps failing, and rests, stands in nobody’s way: it does.',
    [LINE, 'place.run.stop !== null || this.#loops.has(loopKey(place.run))', 'place.run.stop !== null'],
    [DISPATCHER_TEST, 'whose recipe keeps crashing at its commit says so, rests'],
  ),
]

/** Who gets a slot, and what comes of it. */
export const STARTS: readonly Mutant[] = [
  mutant(
    'repositories-in-turn',
    'A slot goes to the repository with the fewest runs under way: to the oldest run.',
    [ORDER, '(run) => levels.ofRepository(run)', '() => 0'],
    [ORDER_TEST, 'go round the repositories: a hundred of one'],
  ),
  mutant(
    'tried-are-under-way',
    'Runs that are just being tried count as under way for that: only those that have begun.',
    [ATTEMPTS, '.concat([...this.#prompt.values()].map(({ run }) => run))', ''],
    [DISPATCHER_TEST, 'who is just being tried counts as under way'],
  ),
  mutant(
    'slots-are-a-limit',
    'Who has its names and finds no slot gives them back: it starts.',
    [SLOTS, 'if (this.free <= 0) return false\n', ''],
    [DISPATCHER_TEST, LONG_ATTEMPT],
  ),
  mutant(
    'started-keeps-its-slot',
    'Who has started has its slot until the records say otherwise: the next look gives it.',
    [SLOTS, 'this.#live = new Map([...this.#live, [row.id, row]])\n', ''],
    [SIMULATE_TEST, 'the real queue over a simulated day'],
  ),
  mutant(
    'long-attempt-keeps-no-slot',
    'An attempt that takes long keeps no slot from the next one: it does.',
    [ATTEMPTS, 'this.#reservesNoMore(id)\n    this.#goOn()\n  }\n\n  /** Nothing', '}\n\n  /** Nothing'],
    [DISPATCHER_TEST, LONG_ATTEMPT],
  ),
  mutant(
    'only-the-winner-starts',
    'Only who wins the swap starts anything: whoever has the names does.',
    [STARTING, 'if (!(await isClaimed(world, id, turn))) return\n', 'await isClaimed(world, id, turn)\n'],
    [DISPATCHER_TEST, STOPPED_MEANWHILE],
  ),
  mutant(
    'loser-gives-back',
    'Who does not win it gives its names back: it keeps them.',
    [STARTING, 'if (!isWon) turn.giveBack()', ''],
    [
      'test/queue/claimFails.test.ts',
      'names that a run has got are given back when the store cannot take its claim',
    ],
  ),
  mutant(
    'stopped-is-not-started',
    'A run that was asked to stop while it was being tried is not started: it is.',
    [STARTING, 'row.stop === null && ', ''],
    [DISPATCHER_TEST, STOPPED_MEANWHILE],
  ),
  mutant(
    'failed-start-is-an-end',
    'A run that could not be started ends in sight of everybody: it stays as it is.',
    [STARTING, 'if (!exists || result !== null) await concludeRun(world, now, verdict, journal)', ''],
    [DISPATCHER_TEST, 'a run whose start fails ends at once'],
  ),
  mutant(
    'who-is-behind-leaves',
    'Who is not the first any more gives up its place among the waiters of its names: it keeps it.',
    [DISPATCHER, 'else world.machine.leaveTurn(id)', 'else continue'],
    [DISPATCHER_TEST, 'who is not the first any more stands in the way of nobody'],
  ),
  mutant(
    'who-is-gone-leaves',
    'Whoever has left the queue gives up its place, whatever failed when it left: only who ends in order does.',
    [DISPATCHER, 'machine.leaveTurn(id)\n        gone.delete(id)', 'gone.delete(id)'],
    [DISPATCHER_TEST, 'a run that is stopped while it is tried keeps no place'],
  ),
  mutant(
    'failed-pass-is-repeated',
    'What a pass that failed had still to do is done by the next one: it is forgotten.',
    [DISPATCHER, 'for (const id of touched) line.touch(id)\n', ''],
    [DISPATCHER_TEST, 'what a pass that failed had still to do'],
  ),
  pair(
    'woken-in-a-pass',
    'Who is woken in the middle of a pass makes another one at once: after its pause.',
    [
      [LOOP, 'if (!woken && !closed', 'if (!closed'],
      [
        LOOP,
        'early = new AbortController()\n      fault = await pass().then(() => null, messageOf)\n',
        'fault = await pass().then(() => null, messageOf)\n      early = new AbortController()\n',
      ],
    ],
    ['test/queue/loop.test.ts', 'who is woken in the middle of a pass'],
  ),
]
