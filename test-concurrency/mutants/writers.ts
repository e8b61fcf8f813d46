import { type Mutant, mutant } from './mutant.ts'

const CHANGES = 'src/store/runChanges.ts'
const DECISIONS = 'src/store/decisions.ts'
const SCHEMA = 'src/store/schema.ts'
const GROUPED = 'src/store/grouped.ts'

const STORE_TEST = 'test/store/sqlite.test.ts'
const HISTORY_TEST = 'test/store/changes.property.test.ts'
const GROUPED_TEST = 'test/store/grouped.test.ts'
const WEBHOOK_TEST = 'test/intake/webhook.test.ts'
const NEWS = 'whoever keeps the queue in mind hears of what came, changed and left since'
const HISTORY = 'whatever several connections do to the same runs in whatever order'

/** Who writes what, and on what condition. */
export const WRITERS: readonly Mutant[] = [
  mutant(
    'ends-are-final',
    'A run that is over is not ended again: it is, and told again.',
    [CHANGES, 'if (!isOver(from) && swap', 'if (swap'],
    [STORE_TEST, 'a run that is over is not ended again'],
  ),
  mutant(
    'attempt-with-its-start',
    'An attempt is counted by the swap that begins it: by every one that leaves the run there.',
    [CHANGES, "(:to = 'starting' AND state <> 'starting')", "(:to = 'starting')"],
    [HISTORY_TEST, HISTORY],
  ),
  mutant(
    'decided-once',
    'A delivery is decided once: as often as it comes.',
    [DECISIONS, 'WHERE id = :id AND decided_at IS NULL`', 'WHERE id = :id`'],
    [STORE_TEST, 'a decided delivery is not decided again'],
  ),
  mutant(
    'acted-on-once',
    'What was acted on is not acted on again under another delivery id: it is.',
    [DECISIONS, 'decided.subjects.some((subject) => hasSubject.get({ subject }) !== undefined)', 'false'],
    [STORE_TEST, 'what was acted on once is not acted on again'],
  ),
  mutant(
    'no-run-without-report',
    'No run is queued that nobody would see: it is.',
    [DECISIONS, 'refuseUnreported(decided)\n', ''],
    [STORE_TEST, 'a run without a check report is refused'],
  ),
  mutant(
    'one-decision-fails-alone',
    'A decision that fails takes all of its own back, and nothing of its neighbours’: its beginning stays.',
    [GROUPED, 'undo.run()\n', ''],
    [GROUPED_TEST, 'one that fails takes back all of its own'],
  ),
  mutant(
    'told-when-on-disk',
    'Who has written hears of it when it is on disk: as soon as the statement has run.',
    [GROUPED, 'return () => resolve(value)', 'resolve(value)\n          return () => undefined'],
    [GROUPED_TEST, 'nor where it fails at its very end'],
  ),
  mutant(
    'stored-before-answered',
    'A delivery is on disk before it is answered: after that.',
    [
      'src/intake/webhook.ts',
      'const isNew = await options.store.addDelivery(delivery, outcome)\n',
      "answer({ status: 202, message: 'stored' }, response)\n    const isNew = await options.store.addDelivery(delivery, outcome)\n",
    ],
    [WEBHOOK_TEST, 'a delivery is on disk, byte for byte, when it is answered'],
  ),
  mutant(
    'changes-are-numbered',
    'Each run that comes has a number of its own: that of the one before it.',
    [
      SCHEMA,
      "AFTER INSERT ON runs BEGIN\n  UPDATE counters SET value = value + 1 WHERE name = 'runs';\n",
      'AFTER INSERT ON runs BEGIN\n',
    ],
    [STORE_TEST, NEWS],
  ),
]
