import { type Mutant, mutant } from './mutant.ts'

const STREAM = 'src/secrets/maskStream.ts'
const RUN_SECRETS = 'src/secrets/runSecrets.ts'
const OPERATOR = 'src/secrets/operatorFolder.ts'
const TEST = 'test-concurrency/secrets.test.ts'
const RUN_TEST = 'test/secrets/runSecrets.test.ts'
const MASK_TEST = 'test/secrets/mask.test.ts'

/** What keeps a secret from everybody but its stages. */
export const SECRETS: readonly Mutant[] = [
  mutant(
    'secret-not-in-log',
    'Secrets are hidden where a log is written: they are not.',
    ['src/process/logSink.ts', 'file.write(stream.write(chunk))', 'file.write(chunk)'],
    [TEST, 'tells its secret in every form'],
  ),
  mutant(
    'secret-across-pieces',
    'What may become a secret is kept back: it is given out.',
    [STREAM, 'this.depth === 0 || this.#count === 0', 'this.depth >= 0'],
    [MASK_TEST, 'whatever pieces it comes in'],
  ),
  mutant(
    'secret-in-half',
    'Of an output that pauses in the middle of a secret the beginning is hidden: it is shown.',
    [STREAM, 'this.depth < LEAST_BEGINNING || this.#count === 0', 'this.depth < 1e9'],
    [MASK_TEST, 'pauses or ends in the middle of it'],
  ),
  mutant(
    'secret-as-shown',
    'A log is read as whoever shows it takes it, too: only as it is.',
    [STREAM, 'readers = [asItIs, asItIs.branch(unseen())]', 'readers = [asItIs]'],
    [MASK_TEST, 'with a colour in it'],
  ),
  mutant(
    'secret-held-bounded',
    'No more is kept back than a wrapped secret has: everything is.',
    [STREAM, 'return 3 * depth + 256', 'return 1e9 + depth'],
    [MASK_TEST, 'a flood of line ends'],
  ),
  mutant(
    'secret-goes-with-run',
    'Secrets go with their run: they stay.',
    [RUN_SECRETS, 'remove: () => removeAll(places)', 'remove: () => []'],
    [TEST, 'tells its secret in every form'],
  ),
  mutant(
    'secret-for-teardown',
    'A recovery reads secrets anew: it has none.',
    [RUN_SECRETS, 'know(secrets, older)', 'know([], older)'],
    [TEST, 'its teardown has had it'],
  ),
  mutant(
    'secret-below-own',
    'Nothing is removed below a folder that somebody else has put there: it is.',
    [RUN_SECRETS, 'inMemory === null || !isOwn(shared) ?', 'inMemory === null ?'],
    [RUN_TEST, 'neither used nor followed'],
  ),
  mutant(
    'secret-folder-is-berths',
    'The folder of secrets stays berth’s own: it is given to the stages’ user.',
    [
      RUN_SECRETS,
      'fchownSync(own.value, SAME_OWNER, runAs.gid)',
      'fchownSync(own.value, runAs.uid, runAs.gid)',
    ],
    [RUN_TEST, 'the folder stays berth’s'],
  ),
  mutant(
    'secret-closed-file',
    'A file that others may read is no secret: it is taken.',
    [OPERATOR, '(mode & 0o077) !== 0', '(mode & 0o007) !== 0'],
    ['test/secrets/operatorFolder.test.ts', 'a file that the group may read'],
  ),
  mutant(
    'secret-not-for-forks',
    'A fork gets only what its recipe allows: it gets all.',
    ['src/model/secrets.ts', '=> !fork || forks', '=> !fork || forks || fork'],
    ['test/secrets/operatorFolder.test.ts', 'a fork gets what its recipe allows'],
  ),
]
